// The page as it stands, as one document that no script is needed to draw again: what its scripts have
// made is in it, and its styles and pictures. Evaluated last, since it changes the page. All that it
// returns is the page's own word, so whoever shows it lets it do nothing.
async () => {
  const MOST = 3_000_000; // characters, of which a picture has four for three bytes
  const MOST_OF_ONE = 1_000_000;
  const held = new Map();

  const loaded = async (address) => {
    const answer = await fetch(address);
    if (!answer.ok || Number(answer.headers.get("content-length")) > MOST_OF_ONE) return address;
    const reader = new FileReader();
    const blob = await answer.blob();
    return new Promise((done) => {
      reader.onloadend = () => done(reader.result ?? address);
      reader.readAsDataURL(blob);
    });
  };

  /** What an address leads to, held in one; only of the page's own origin, there is no other. */
  const data = async (address, base) => {
    let url;
    try {
      url = new URL(address, base);
    } catch {
      return address;
    }
    if (url.origin !== location.origin) return address;
    if (!held.has(url.href)) held.set(url.href, await loaded(url.href).catch(() => address));
    return held.get(url.href);
  };

  const rulesOf = (sheet) => {
    try {
      return [...sheet.cssRules];
    } catch {
      return []; // of another origin
    }
  };

  const styleOf = async (sheet) => {
    if (sheet.disabled) return "";
    const base = sheet.href ?? document.baseURI;
    const parts = [];
    for (const rule of rulesOf(sheet)) {
      if (rule instanceof CSSImportRule) {
        parts.push(rule.styleSheet ? await styleOf(rule.styleSheet) : "");
      } else if (!(rule instanceof CSSFontFaceRule)) {
        parts.push(await filled(rule.cssText, base));
      }
    }
    const media = sheet.media.mediaText;
    const text = parts.join("\n");
    return media ? `@media ${media} {\n${text}\n}` : text;
  };

  const filled = async (css, base) => {
    let text = css;
    for (const [whole, , address] of css.matchAll(/url\((["']?)([^"')]+)\1\)/g)) {
      if (!/^(?:data:|#)/.test(address)) {
        const place = await data(address, base);
        text = text.replace(whole, () => `url("${place}")`);
      }
    }
    return text;
  };

  const roots = [document];
  for (let at = 0; at < roots.length; at++) {
    for (const one of roots[at].querySelectorAll("*")) if (one.shadowRoot) roots.push(one.shadowRoot);
  }
  for (const root of roots) {
    const styles = [];
    for (const sheet of [...root.styleSheets, ...root.adoptedStyleSheets]) styles.push(await styleOf(sheet));
    for (const one of root.querySelectorAll("img")) {
      if (one.complete && one.naturalWidth > 0) one.src = await data(one.currentSrc, document.baseURI);
      for (const name of ["srcset", "loading"]) one.removeAttribute(name);
    }
    for (const one of root.querySelectorAll("canvas")) {
      const picture = document.createElement("img");
      for (const { name, value } of one.attributes) picture.setAttribute(name, value);
      picture.src = one.toDataURL();
      one.replaceWith(picture);
    }
    for (const one of root.querySelectorAll("[style*='url(']")) {
      one.setAttribute("style", await filled(one.getAttribute("style"), document.baseURI));
    }
    for (const one of root.querySelectorAll("input:not([type=password], [type=file])")) {
      one.setAttribute("value", one.value);
      one.toggleAttribute("checked", one.checked);
    }
    for (const one of root.querySelectorAll("textarea")) one.textContent = one.value;
    const gone = "script, noscript, style, link, base, source, iframe, object, embed, meta[http-equiv]";
    for (const one of root.querySelectorAll(gone)) one.remove();
    const style = document.createElement("style");
    // nothing is defined where no script runs, and what hides until it is would hide for ever
    style.textContent = styles.join("\n").replace(/:defined\b/g, ":is(*)").replaceAll("</", "<\\/");
    (root.head ?? root).append(style);
  }
  const top = document.documentElement;
  const tag = top.cloneNode(false).outerHTML.replace(/<\/\w+>$/, "");
  const inside = top.getHTML({ shadowRoots: roots.slice(1) });
  const mode = document.compatMode === "CSS1Compat" ? "<!doctype html>\n" : "";
  const whole = `${mode}${tag}<meta charset="utf-8">${inside}</html>\n`;
  return whole.length > MOST ? "" : whole;
}
