// Files on their way to a task: small ones together, large ones piece by piece (TUS), so that a cut
// connection costs a piece and not the file.

import { Upload } from "tus-js-client";
import { call, csrfToken, refusal, Refused } from "./api";

const LARGE = 32 * 1024 * 1024;
const PIECE = 8 * 1024 * 1024;
const TOGETHER = 16 * 1024 * 1024;

export type Progress = (sent: number, total: number) => void;

/** Send files and return the id of the request that makes frames of them. */
export async function upload(
  task: number,
  files: readonly File[],
  progress: Progress,
  signal: AbortSignal,
): Promise<string> {
  const address = `tasks/${task}/data/`,
    total = files.reduce((sum, file) => sum + file.size, 0);
  await call("POST", address, undefined, { headers: { "Upload-Start": "" }, signal });
  let done = 0;
  for (const group of groups(files)) {
    const before = done,
      size = group.reduce((sum, file) => sum + file.size, 0);
    const tell = (sent: number) => progress(before + Math.min(sent, size), total);
    if (group[0]!.size >= LARGE) await inPieces(`/api/${address}`, group[0]!, tell, signal);
    else await together(`/api/${address}`, group, tell, signal);
    done += size;
    progress(done, total);
  }
  const options = { image_quality: 80, sorting_method: "natural" };
  const { rq_id } = await call<{ rq_id: string }>("POST", address, options, {
    headers: { "Upload-Finish": "" },
    signal,
  });
  return rq_id;
}

export function groups(files: readonly File[]): File[][] {
  const found: File[][] = [];
  let size = Infinity;
  for (const file of files) {
    if (file.size >= LARGE) {
      found.push([file]);
      size = Infinity;
    } else if (size + file.size > TOGETHER) {
      found.push([file]);
      size = file.size;
    } else {
      found.at(-1)!.push(file);
      size += file.size;
    }
  }
  return found;
}

/** `fetch` doesn't tell how much is sent; XMLHttpRequest does. */
function together(
  url: string,
  files: readonly File[],
  tell: (sent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = new XMLHttpRequest(),
      form = new FormData();
    files.forEach((file, i) => form.append(`client_files[${i}]`, file, file.name));
    sending.open("POST", url);
    sending.setRequestHeader("X-CSRFToken", csrfToken());
    sending.setRequestHeader("Upload-Multiple", "");
    sending.upload.onprogress = ({ loaded }) => tell(loaded);
    sending.onload = () =>
      sending.status < 300 ? resolve() : reject(refusal(sending.status, body(sending.responseText)));
    sending.onerror = () =>
      reject(new Refused(0, "The connection to the hub broke off while files were sent."));
    sending.onabort = () => reject(new DOMException("stopped", "AbortError"));
    signal.addEventListener("abort", () => sending.abort(), { once: true });
    sending.send(form);
  });
}

function inPieces(
  endpoint: string,
  file: File,
  tell: (sent: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const sending = new Upload(file, {
      endpoint,
      chunkSize: PIECE,
      retryDelays: [500, 2000, 5000, 10000],
      metadata: { filename: file.name },
      storeFingerprintForResuming: false,
      headers: { "X-CSRFToken": csrfToken() },
      onProgress: tell,
      onSuccess: () => resolve(),
      onError: (error) => reject(new Refused(0, `${file.name} could not be sent: ${error.message}`)),
    });
    signal.addEventListener(
      "abort",
      () => {
        void sending.abort();
        reject(new DOMException("stopped", "AbortError"));
      },
      { once: true },
    );
    sending.start();
  });
}

function body(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
