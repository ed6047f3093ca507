// Elements, made from attributes and text. Data becomes text nodes only: nothing here reads HTML.

export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "onclick") element.addEventListener("click", value);
    else if (isThere(value)) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter(isThere));
  return element;
}

// What is not there is left out: null, undefined, false and empty texts, as attribute or as child.
const isThere = (value) => ![null, undefined, false, ""].includes(value);

export const find = (selector, within = document) => within.querySelector(selector);

export function fill(element, ...children) {
  element.replaceChildren(...children.filter(isThere));
  return element;
}

/** Tells people who listen to the page; the sentence is not seen. */
export function announce(sentence) {
  find("#announcer").textContent = sentence;
}
