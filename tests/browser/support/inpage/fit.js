// Whether everything that a page shows fits: nothing outside the window, no text cut off.

(() => {
  const name = (element) => {
    const id = element.id ? `#${element.id}` : "";
    const classes = [...element.classList].map((one) => `.${one}`).join("");
    return `${element.localName}${id}${classes} "${element.textContent.trim().slice(0, 30)}"`;
  };

  /** The nearest element around that scrolls or clips on purpose; what is in it may be longer than it. */
  function scroller(element) {
    for (let one = element.parentElement; one && one !== document.body; one = one.parentElement) {
      const { overflowX, overflowY } = getComputedStyle(one);
      if (/auto|scroll/.test(overflowX + overflowY)) return one;
    }
    return null;
  }

  const isUnseen = (element) => element.closest(".unseen, [aria-hidden=true], canvas, option") !== null;
  const hasOwnText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");

  /** What does not fit, in words; empty: all does. */
  function misfits() {
    const found = [];
    const [width, height] = [document.documentElement.clientWidth, document.documentElement.clientHeight];
    if (document.documentElement.scrollWidth > width) found.push(`the page is ${document.documentElement.scrollWidth} wide`);
    for (const element of document.body.querySelectorAll("*")) {
      if (!element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) || isUnseen(element)) continue;
      const box = element.getBoundingClientRect();
      if (box.width === 0 || box.height === 0) continue;
      const outside = box.left < -1 || box.top < -1 || box.right > width + 1 || box.bottom > height + 1;
      if (outside && !scroller(element)) found.push(`outside: ${name(element)} ${JSON.stringify(box)}`);
      if (hasOwnText(element) && element.localName !== "select" && isCut(element)) found.push(`cut off: ${name(element)}`);
    }
    return found;
  }

  /** Whether letters of an element are not to be seen, because it or one around it clips them. */
  function isCut(element) {
    const range = document.createRange();
    range.selectNodeContents(element);
    const text = range.getBoundingClientRect();
    for (let one = element; one && one !== document.body; one = one.parentElement) {
      const { overflowX } = getComputedStyle(one);
      if (overflowX === "visible") continue;
      if (/auto|scroll/.test(overflowX)) return false;
      const box = one.getBoundingClientRect();
      if (text.left < box.left - 1 || text.right > box.right + 1) return true;
    }
    return false;
  }

  /** Pairs of texts that lie over each other, in words. */
  function overlaps(selector) {
    const boxes = [...document.querySelectorAll(selector)]
      .filter((one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true }))
      .map((element) => ({ element, box: element.getBoundingClientRect() }));
    const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
    return boxes.flatMap(({ element, box }, n) =>
      boxes.slice(n + 1).filter((other) => meet(box, other.box)).map((other) => `${name(element)} over ${name(other.element)}`),
    );
  }

  globalThis.tongkeFit = { misfits, overlaps };
})();
