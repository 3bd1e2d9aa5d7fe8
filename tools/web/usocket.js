// The page for flashing from a browser: choice of a board, and no erasing.
// SPDX-License-Identifier: MIT

import "./esp-web-tools/install-button.js";
import "./esp-web-tools/$dialog";

// ESP Web Tools erases the whole chip before a first installation, or offers to. That would
// destroy what nobody can issue again: the Sigfox keys of a Pycom board. So its dialog goes
// from the question straight to the installation, without erasing.
function never_erase() {
  const dialog = customElements.get("ewt-install-dialog")?.prototype;
  const start = dialog?._startInstall;
  if (typeof start !== "function" || typeof dialog._renderAskErase !== "function") {
    return false;
  }
  dialog._startInstall = function () {
    return start.call(this, false);
  };
  dialog._renderAskErase = function () {
    this._startInstall();
    return this._renderInstall();
  };
  return true;
}

function choose(name) {
  for (const board of document.querySelectorAll("article")) {
    board.hidden = board.id !== name;
  }
}

const boards = [...document.querySelectorAll("article")];
const select = document.getElementById("board");
const named = boards.find((board) => "#" + board.id === location.hash);
select.value = (named ?? boards[0]).id;
select.addEventListener("change", () => choose(select.value));
document.getElementById("choice").hidden = boards.length < 2;
choose(select.value);

const safe = never_erase();
for (const place of document.querySelectorAll(".install")) {
  if (safe) {
    place.hidden = false;
  } else {
    place.nextElementSibling.hidden = false;
  }
}
