// Runs before the page is drawn, so that it never flashes in the wrong colours.
"use strict";
{
  let kept = null;
  try { kept = localStorage.getItem("covey-theme"); } catch { /* storage is off: the system's */ }
  if (kept === "dark" || kept === "light") document.documentElement.dataset.theme = kept;
}
