// Colours a piece of Rust or HTML source: comments, strings and the words of the language.

const WORDS = "as async await break const crate else enum fn for function if impl in let loop match mod move mut " +
  "new of pub return self static struct use while";
const TOKENS = new RegExp(
  [
    String.raw`(?<comment>(?<!:)\/\/[^\n]*|<!--.*?-->)`,
    String.raw`(?<string>"(?:\\.|[^"\\\n])*")`,
    String.raw`(?<tag><\/?[a-z][a-z0-9]*|(?<=<[^<>\n]*)>)`,
    String.raw`\b(?<word>${WORDS.replaceAll(" ", "|")})\b`,
  ].join("|"),
  "gs",
);

/** Replaces the text of `element` by coloured spans of the same text. */
export function highlight(element) {
  const text = element.textContent;
  const parts = [];
  let end = 0;
  for (const token of text.matchAll(TOKENS)) {
    const span = document.createElement("span");
    span.className = Object.entries(token.groups).find(([, found]) => found !== undefined)[0];
    span.textContent = token[0];
    parts.push(text.slice(end, token.index), span);
    end = token.index + token[0].length;
  }
  element.replaceChildren(...parts, text.slice(end));
}
