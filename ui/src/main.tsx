import { render } from "preact";
import { App } from "./app";
import "./style/tokens.css";
import "./style/base.css";
import "./style/pages.css";
import "./style/workbench.css";

render(<App />, document.getElementById("page")!);
