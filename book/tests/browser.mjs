// A browser that looks at the built book, served from this machine alone.
import { createReadStream, existsSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

export const BOOK = fileURLToPath(new URL("../book", import.meta.url));

const TYPES = {
  ".css": "text/css",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
  ".woff2": "font/woff2",
};

const BROWSERS = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Why no page can be looked at here, or undefined. */
export async function missing() {
  if (!existsSync(join(BOOK, "index.html"))) return "the book is not built: cargo xtask book";
  if (!browser()) return "no Chromium here: install it, or name it in CHROMIUM";
  try {
    await import("playwright-core");
  } catch {
    return "playwright-core is not here: npm ci --prefix book/tests";
  }
  return undefined;
}

function browser() {
  return BROWSERS.find((path) => path && existsSync(path));
}

/** The pages of the book, without those that only help others. */
export function pages() {
  return readdirSync(BOOK)
    .filter((name) => name.endsWith(".html") && !["toc.html", "404.html", "print.html"].includes(name))
    .sort();
}

/** Serves the book and starts the browser; `close` ends both. */
export async function open() {
  const { chromium } = await import("playwright-core");
  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url, "http://book").pathname));
    const file = join(BOOK, path === "/" ? "index.html" : path);
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "application/octet-stream" });
    createReadStream(file).pipe(response);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const origin = `http://127.0.0.1:${server.address().port}`;
  const chrome = await chromium.launch({
    executablePath: browser(),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
  const close = async () => {
    await chrome.close();
    server.close();
  };
  return { chrome, origin, close };
}

/** A page that keeps what went wrong, where it asked, and how much it got. */
export async function look({ chrome, origin }, name, { width = 1280, height = 900, ...options } = {}) {
  const context = await chrome.newContext({ viewport: { width, height }, ...options });
  const page = await context.newPage();
  const seen = { errors: [], elsewhere: [], bytes: {} };
  page.on("console", (message) => {
    if (message.type() === "error") seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(origin) && !/^(data|blob|about):/.test(url)) seen.elsewhere.push(url);
  });
  page.on("response", (response) => {
    if (response.status() >= 400) seen.errors.push(`${response.status()} ${response.url()}`);
  });
  page.on("requestfinished", async (request) => {
    const sizes = await request.sizes().catch(() => undefined);
    seen.bytes[request.url().slice(origin.length + 1)] = sizes?.responseBodySize ?? 0;
  });
  await page.goto(`${origin}/${name}`, { waitUntil: "load" });
  return { page, seen, close: () => context.close() };
}
