import { defineConfig } from "vite";

const hub = process.env["HUB"] ?? "http://127.0.0.1:8080";

export default defineConfig({
  build: {
    outDir: "../src/cvat_hub/page",
    emptyOutDir: true,
    target: "es2023",
    modulePreload: { polyfill: false },
    // Fonts and images stay files: the page's policy lets no data: addresses in.
    assetsInlineLimit: 0,
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": hub } },
});
