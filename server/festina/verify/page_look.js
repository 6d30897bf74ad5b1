// What Festina asks a page: a function that is evaluated in it, and leaves nothing behind.
(what) => {
  const MOST = 50;
  const SLACK = 1; // pixels: layouts are not whole numbers

  const short = (text) => (text.length > 160 ? `${text.slice(0, 157)}...` : text);

  // `<a class="button" href="x">`, without what is in it
  const tag = (element) => {
    const name = element.tagName.toLowerCase();
    return short(element.cloneNode(false).outerHTML.replace(`</${name}>`, ""));
  };

  // components have trees of their own, which are drawn where their hosts stand
  const above = (element) => element.parentElement ?? element.getRootNode().host ?? null;
  const all = (root, wanted) =>
    [...root.querySelectorAll("*")].flatMap((one) => [
      ...(one.matches(wanted) ? [one] : []),
      ...(one.shadowRoot ? all(one.shadowRoot, wanted) : []),
    ]);

  const place = (element) => {
    const parts = [];
    for (let at = element; at && at !== document.documentElement; at = above(at)) {
      if (at.id) {
        parts.unshift(`#${at.id}`);
        break;
      }
      const name = at.tagName.toLowerCase();
      const alike = at.parentElement
        ? [...at.parentElement.children].filter((one) => one.tagName === at.tagName)
        : [at];
      parts.unshift(alike.length > 1 ? `${name}:nth-of-type(${alike.indexOf(at) + 1})` : name);
    }
    return parts.join(" > ");
  };

  // what a drawing's link has as its `href` is no text
  const address = (link) => {
    try {
      return new URL(link.getAttribute("href"), document.baseURI).href;
    } catch {
      return "";
    }
  };

  const decoded = (text) => {
    try {
      return decodeURIComponent(text);
    } catch {
      return text;
    }
  };

  const links = () =>
    all(document, "a[href], area[href]").map((link) => {
      const [page, fragment] = address(link).split("#");
      const here = page === location.href.split("#")[0];
      const name = here && fragment ? decoded(fragment) : "";
      const known = (one) =>
        link.getRootNode().getElementById(one) ||
        document.getElementById(one) ||
        document.getElementsByName(one).length;
      // `#/route` and `#!/route` are a script's, and `#top` is every page's
      const target = name && !/^[/!]|^top$|^:~:/.test(name);
      return {
        address: address(link),
        href: link.getAttribute("href"),
        html: tag(link),
        missing: Boolean(target && !known(name)),
      };
    });

  const isShown = (element, style, box) =>
    style.visibility === "visible" && style.display !== "none" && box.width > 1 && box.height > 1;

  const isWithinScroller = (element) => {
    for (let at = above(element); at && at !== document.body; at = above(at)) {
      if (getComputedStyle(at).overflowX !== "visible") return true;
    }
    return false;
  };

  const hasText = (element) =>
    [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());

  const textProblem = (element, style) => {
    const wide = element.scrollWidth - element.clientWidth > SLACK;
    const tall = element.scrollHeight - element.clientHeight > 4 * SLACK;
    if (style.display === "inline" || element.clientWidth <= 1 || element.clientHeight <= 1) return "";
    if (wide && style.overflowX === "visible") return "spills";
    const cut = ["hidden", "clip"];
    if (wide && cut.includes(style.overflowX) && style.textOverflow !== "ellipsis") return "cut";
    const clamped = style.webkitLineClamp && style.webkitLineClamp !== "none";
    return tall && cut.includes(style.overflowY) && !clamped ? "cut" : "";
  };

  const layout = () => {
    const root = document.documentElement;
    const width = root.clientWidth;
    const found = [];
    let bottom = root.getBoundingClientRect().bottom;
    const add = (kind, element, by) => {
      if (found.length < MOST) {
        found.push({ kind, by: Math.round(by), place: place(element), html: tag(element) });
      }
    };
    for (const element of document.body ? all(document.body, "*") : []) {
      const box = element.getBoundingClientRect();
      const style = getComputedStyle(element);
      if (!isShown(element, style, box)) continue;
      bottom = Math.max(bottom, box.bottom);
      const beyond = box.right - width;
      if (beyond > SLACK && !isWithinScroller(element)) {
        const around = above(element).getBoundingClientRect().right - width;
        if (around <= SLACK || above(element) === document.body) add("beyond", element, beyond);
      } else if (hasText(element)) {
        const kind = textProblem(element, style);
        if (kind) add(kind, element, element.scrollWidth - element.clientWidth);
      }
    }
    if (root.scrollWidth - width > SLACK && !found.some((one) => one.kind === "beyond")) {
      add("beyond", document.body || root, root.scrollWidth - width);
    }
    return { found, height: Math.ceil(bottom + window.scrollY) };
  };

  const axe = async () => {
    const values = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const options = { runOnly: { type: "tag", values }, resultTypes: ["violations"] };
    const { violations } = await window.axe.run(document, options);
    return violations.flatMap((rule) =>
      rule.nodes.slice(0, MOST).map((node) => ({
        rule: rule.id,
        impact: node.impact || rule.impact || "",
        help: rule.help,
        more: rule.helpUrl,
        place: node.target.flat().join(" "),
        html: short(node.html),
        why: [...node.any, ...node.all, ...node.none].map((one) => one.message).join(" "),
      })),
    );
  };

  return { axe, layout, links }[what]();
}
