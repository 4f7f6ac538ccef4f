// Search: hides every operation and schema that does not contain all the words typed.
const search = document.getElementById("search");
const found = document.getElementById("found");
const entries = [...document.querySelectorAll("[data-operation]")].map((article) => ({
  article,
  text: article.textContent.toLowerCase(),
  link: document.querySelector(`[data-entry="${CSS.escape(article.id)}"]`),
}));
const groups = [...document.querySelectorAll("[data-group]")];

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { article, text, link } of entries) {
    const fits = words.every((word) => text.includes(word));
    article.hidden = !fits;
    if (link) {
      link.hidden = !fits;
      count += fits ? 1 : 0;
    }
  }
  for (const group of groups) {
    const members = group.querySelectorAll("[data-operation], [data-entry]");
    group.hidden = [...members].every((member) => member.hidden);
  }
  found.textContent = words.length ? `${count} operation${count === 1 ? "" : "s"}` : "";
}

search.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  if (event.key === "/" && document.activeElement !== search) {
    event.preventDefault();
    search.focus();
  }
});
