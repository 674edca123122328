"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const page = document.body.dataset;
  const photos = [...document.querySelectorAll(".photo")].map((article) => {
    const identity = JSON.parse(article.dataset.photo);
    return {article, identity, name: identity.photo.normalize().toLowerCase()};
  });
  document.documentElement.classList.add("js");

  document.addEventListener("input", ({target}) => {
    if (target.type === "range") target.parentNode.style.setProperty("--cut", `${target.value}%`);
  });

  const filter = () => {
    const states = new Set([...document.querySelectorAll("[name=state]:checked")].map((box) => box.value));
    const wanted = byId("search").value.normalize().toLowerCase();
    let shown = 0;
    for (const {article, name} of photos) {
      article.hidden = !(states.has(article.dataset.state) && name.includes(wanted));
      if (!article.hidden) shown += 1;
    }
    byId("count").textContent = `${shown} of ${photos.length} shown`;
    byId("nothing").hidden = shown > 0;
  };
  byId("tools").addEventListener("input", filter);
  byId("tools").addEventListener("submit", (event) => event.preventDefault());
  byId("full")?.addEventListener("change", ({target}) => {
    document.documentElement.classList.toggle("full", target.checked);
  });

  const pickOf = ({article, identity}) => {
    const pick = article.querySelector("input[type=radio]:checked");
    return pick && {...identity, variation: pick.value || null, sha256: pick.dataset.sha256 ?? null};
  };
  const facesOf = ({article, identity}) => {
    if (!identity.faces) return null;
    const boxes = new Map([...article.querySelectorAll("[name=open]")].map((box) => [+box.value, box.checked]));
    return {...identity, faces: identity.faces.map((face) => ({...face, open: boxes.get(face.face_index) ?? face.open}))};
  };
  const selection = () => {
    const entries = photos.map(page.purpose === "faces" ? facesOf : pickOf).filter(Boolean);
    return `${JSON.stringify({...JSON.parse(page.head), photos: entries}, null, 1)}\n`;
  };

  let unsaved = false;
  const choices = "input[type=radio], [name=open]";
  byId("photos").addEventListener("change", ({target}) => {
    if (target.matches(choices)) unsaved = true;
  });
  byId("photos").addEventListener("click", ({target}) => {
    if (!target.matches(".leave")) return;
    for (const box of target.closest("fieldset").querySelectorAll("[name=open]")) box.checked = false;
    unsaved = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
  byId("save")?.addEventListener("click", () => {
    const text = selection();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], {type: "application/json"}));
    link.download = page.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    byId("as-text").hidden = false;
    byId("as-text").querySelector("textarea").value = text;
    byId("saved").textContent = `${page.file} is with your downloads. To use it: ${page.command}`;
    unsaved = false;
  });
})();
