// A page that was saved: draws every plan and run whose data stand in it, in place of the picture that stands there.
import { draw, isDisplay } from "./draw.js";

for (const source of document.querySelectorAll('script[type="application/vnd.wayang+json"]')) {
  const place = source.parentElement;
  const data: unknown = JSON.parse(source.textContent ?? "null");
  if (place === null || !isDisplay(data)) continue;
  const drawn = document.createElement("div");
  draw(drawn, data);
  // The picture goes only once the drawing stands, and with it the frame that the page gives it.
  place.className = "";
  place.replaceChildren(drawn);
}
