// Holds report pages against what they promise, in a real browser: no violation of WCAG A and AA or of axe's best
// practices, in light and in dark; everything that can be used is reached by the keyboard; nothing is wider than the
// page; it prints. Scripts of the page itself are turned off. Prints what is wrong as JSON, one list a page.
//
//     node check.mjs PAGE.html …            checks
//     node check.mjs --paper PAGE.html …    checks only whether paper holds all of it
//     node check.mjs --shots DIR PAGE.html  pictures of the first screen, in light and in dark

import { readFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"], resultTypes: ["violations"] };
const WIDTHS = [400, 1280];
// A4 less the margins of the style, in pixels of 1/96 inch.
const PAPER = { upright: Math.floor((210 - 28) / 25.4 * 96), across: Math.floor((297 - 24) / 25.4 * 96) };
const FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync"];

async function browser(run) {
  const profile = mkdtempSync(join(tmpdir(), "mandat-browser-"));
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const context = await chromium.launchPersistentContext(profile,
    { executablePath, headless: true, args: FLAGS, offline: true });
  try {
    return await run(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

// What the browser says of the page while it loads it: a style or a script that the policy refused, a request.
async function opened(context, url, scheme, width) {
  const page = await context.newPage();
  const heard = [];
  page.on("console", message => heard.push(`console: ${message.text()}`));
  page.on("pageerror", error => heard.push(`error: ${error.message}`));
  page.on("request", request => { if (request.url() !== url) heard.push(`request: ${request.url().slice(0, 200)}`); });
  await page.emulateMedia({ colorScheme: scheme });
  await page.setViewportSize({ width, height: 900 });
  await page.goto(url);
  return { page, heard };
}

// axe runs through the debugger, where the page's own policy has no say.
async function violations(page) {
  const session = await page.context().newCDPSession(page);
  const evaluated = async expression => {
    const { result, exceptionDetails } =
      await session.send("Runtime.evaluate", { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  };
  await evaluated("document.querySelectorAll('details').forEach(part => { part.open = true; })");
  await evaluated(`${axe}; true`);
  const found = await evaluated(`axe.run(document, ${JSON.stringify(RULES)}).then(found => found.violations.map(
    one => [one.id, one.nodes.length, one.nodes.slice(0, 3).map(node => node.html.slice(0, 200)).join(" | ")]))`);
  return found.map(([id, count, nodes]) => `axe ${id} (${count}): ${nodes}`);
}

const overflow = page => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

// Tab through the page: everything that can be used must be reached, and show that it is.
async function unreached(page) {
  const wanted = await page.evaluate(() => {
    document.querySelectorAll("details").forEach(part => { part.open = true; });
    const all = [...document.querySelectorAll("a[href], summary, [tabindex='0']")];
    all.forEach((one, number) => one.setAttribute("data-number", number));
    return all.length;
  });
  const reached = new Set();
  let unseen = 0;
  for (let press = 0; press < wanted + 5; press += 1) {
    await page.keyboard.press("Tab");
    const seen = await page.evaluate(() => {
      const one = document.activeElement;
      const style = getComputedStyle(one);
      return [one.getAttribute("data-number"), style.outlineStyle !== "none" && style.outlineWidth !== "0px"];
    });
    if (seen[0] === null) continue;
    reached.add(seen[0]);
    if (!seen[1]) unseen += 1;
  }
  const wrong = [];
  if (reached.size < wanted) wrong.push(`keyboard: ${wanted - reached.size} of ${wanted} are not reached`);
  if (unseen > 0) wrong.push(`keyboard: ${unseen} do not show that they have the focus`);
  return wrong;
}

// A page opened by hand has no script; that the policy would refuse one is asked of the browser.
async function scripts(page) {
  return page.evaluate(() => {
    const wrong = [];
    const count = document.querySelectorAll("script, iframe, object, embed, link[rel~=stylesheet], base, form").length;
    if (count > 0) wrong.push(`script: ${count} elements that a report must not have`);
    const handlers = [...document.querySelectorAll("*")].filter(one => one.getAttributeNames().some(
      name => name.startsWith("on") || name === "style" || (name === "href" && /^\s*javascript:/i.test(one.getAttribute(name)))));
    if (handlers.length > 0) wrong.push(`script: ${handlers.length} elements with handlers or styles of their own`);
    const policy = document.querySelector("meta[http-equiv='Content-Security-Policy']")?.content ?? "";
    if (!policy.includes("default-src 'none'") || policy.includes("unsafe")) wrong.push(`policy: ${policy || "none"}`);
    return wrong;
  });
}

// Tables and pictures that paper would cut off: those of many columns lie across a page of their own.
async function tooWideForPaper(page) {
  await page.emulateMedia({ media: "print" });
  await page.setViewportSize({ width: PAPER.upright, height: 900 });
  const wrong = await page.evaluate(paper => [...document.querySelectorAll("table, svg")].flatMap(one => {
    const room = one.closest(".wide") ? paper.across : paper.upright;
    const over = Math.ceil(one.getBoundingClientRect().width - room);
    const name = one.querySelector("caption")?.textContent ?? one.localName;
    return over > 0 ? [`print: ${over} pixels wider than the paper: ${name}`] : [];
  }), PAPER);
  await page.emulateMedia({ media: "screen" });
  return wrong;
}

async function check(context, file) {
  const url = pathToFileURL(resolve(file)).href;
  const wrong = [];
  for (const scheme of ["light", "dark"]) {
    const { page, heard } = await opened(context, url, scheme, 1280);
    wrong.push(...heard.map(one => `${scheme}: ${one}`));
    wrong.push(...await scripts(page));
    if (scheme === "light") wrong.push(...await unreached(page));
    wrong.push(...(await violations(page)).map(one => `${scheme}: ${one}`));
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 900 });
      const over = await overflow(page);
      if (over > 0) wrong.push(`${scheme}: ${over} pixels wider than a screen of ${width}`);
    }
    if (scheme === "light") {
      wrong.push(...await tooWideForPaper(page));
      const printed = await page.pdf({ preferCSSPageSize: true });
      if (printed.length < 2_000 || printed.subarray(0, 5).toString() !== "%PDF-") wrong.push("print: no PDF");
    }
    await page.close();
  }
  return [...new Set(wrong)];
}

async function onPaper(context, file) {
  const { page } = await opened(context, pathToFileURL(resolve(file)).href, "light", 1280);
  const wrong = await tooWideForPaper(page);
  await page.close();
  return wrong;
}

async function shots(context, dir, file) {
  const [path, at] = file.split("#");
  const url = pathToFileURL(resolve(path)).href;
  for (const scheme of ["light", "dark"]) {
    const { page } = await opened(context, url, scheme, 1000);
    if (at) await page.evaluate(id => document.getElementById(id).scrollIntoView(), at);
    await page.setViewportSize({ width: 1000, height: 760 });
    const name = `report-${basename(path, ".html")}-${scheme}.png`;
    await page.screenshot({ path: join(dir, name) });
    await page.close();
  }
}

const [first, ...rest] = process.argv.slice(2);
await browser(async context => {
  if (first === "--shots") {
    for (const file of rest.slice(1)) await shots(context, rest[0], file);
    return;
  }
  const found = {};
  const [files, look] = first === "--paper" ? [rest, onPaper] : [[first, ...rest], check];
  for (const file of files) found[basename(file)] = await look(context, file);
  console.log(JSON.stringify(found, null, 1));
});
