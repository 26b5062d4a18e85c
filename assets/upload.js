/* Files go to the server in pieces that can be resumed (tus), one row each, and tell the page when they have arrived. */
(() => {
  "use strict";
  const transfers = [];
  const picker = document.createElement("input");
  picker.type = "file";
  picker.multiple = true;
  picker.hidden = true;
  picker.id = "upload-input";

  const zone = () => document.getElementById("upload-drop");
  const words = () => JSON.parse(zone()?.dataset.words || "{}");
  let untold = false;
  const announce = () => {
    untold = !(zone() && window.dash_clientside?.set_props); // before the page stands nobody hears it: it is said again then
    if (!untold) window.dash_clientside.set_props("upload-arrived", { data: Date.now() });
  };

  const button = (label, icon, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.className = "button button-quiet";
    made.title = label;
    made.setAttribute("aria-label", label);
    made.innerHTML = `<span class="icon icon-${icon}" aria-hidden="true"></span>`;
    made.addEventListener("click", act);
    return made;
  };

  const draw = (transfer) => {
    const said = words();
    const { row, file, state, sent } = transfer;
    row.className = `file transfer transfer-${state}`;
    row.replaceChildren();
    const head = document.createElement("div");
    head.className = "file-head";
    const name = document.createElement("span");
    name.className = "file-name";
    name.textContent = file.name;
    const note = document.createElement("span");
    note.className = "muted small";
    note.textContent = state === "failed" ? transfer.reason || said.failed : `${said[state] || ""} ${Math.floor((100 * sent) / Math.max(file.size, 1))} %`;
    head.append(name, note);
    if (state === "sending") head.append(button(said.pause, "pause", () => pause(transfer)));
    if (state === "paused") head.append(button(said.resume, "play", () => go(transfer)));
    if (state === "failed") head.append(button(said.retry, "rotate-ccw", () => go(transfer)));
    if (state !== "arrived") head.append(button(said.cancel, "x", () => drop(transfer)));
    const bar = document.createElement("progress");
    bar.max = Math.max(file.size, 1);
    bar.value = sent;
    bar.setAttribute("aria-label", file.name);
    row.append(head, bar);
  };

  const set = (transfer, change) => {
    Object.assign(transfer, change);
    draw(transfer);
  };

  const go = (transfer) => {
    set(transfer, { state: "sending", reason: "" });
    transfer.upload.start();
  };

  const pause = (transfer) => transfer.upload.abort().then(() => set(transfer, { state: "paused" }));

  const drop = (transfer) => {
    transfers.splice(transfers.indexOf(transfer), 1);
    transfer.row.remove();
    transfer.upload.abort(true).then(announce, announce);
  };

  const reason = (error) => {
    try {
      return JSON.parse(error.originalResponse.getBody()).error.message;
    } catch {
      return "";
    }
  };

  const send = (file) => {
    const subject = zone()?.dataset.subject; // whose the file becomes, when it is not the reader's own
    const transfer = { file, sent: 0, state: "sending", row: document.createElement("div") };
    transfer.upload = new tus.Upload(file, {
      endpoint: "/upload/tus",
      retryDelays: [0, 1000, 3000, 5000, 10000],
      metadata: subject ? { filename: file.name, subject } : { filename: file.name },
      ...(subject && { fingerprint: () => Promise.resolve(`somnia ${subject} ${file.name} ${file.size} ${file.lastModified}`) }),
      removeFingerprintOnSuccess: true,
      onProgress: (sent) => transfer.state === "sending" && set(transfer, { sent }),
      onError: (error) => set(transfer, { state: "failed", reason: reason(error) }),
      onSuccess: () => {
        set(transfer, { state: "arrived", sent: file.size });
        transfers.splice(transfers.indexOf(transfer), 1);
        transfer.row.remove();
        announce();
      },
    });
    transfers.push(transfer);
    place();
    draw(transfer);
    transfer.upload.findPreviousUploads().then((earlier) => {
      if (earlier.length) transfer.upload.resumeFromPreviousUpload(earlier[0]);
      transfer.upload.start();
    });
  };

  const place = () => {
    if (untold) announce();
    const list = document.getElementById("upload-transfers");
    if (list) for (const transfer of transfers) if (transfer.row.parentNode !== list) list.append(transfer.row);
  };

  picker.addEventListener("change", () => {
    for (const file of picker.files) send(file);
    picker.value = "";
  });
  document.addEventListener("DOMContentLoaded", () => document.body.append(picker));
  if (document.body) document.body.append(picker);
  new MutationObserver(place).observe(document.documentElement, { childList: true, subtree: true });

  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-choose]")) return;
    picker.accept = zone()?.dataset.accept || "";
    picker.click();
  });
  for (const kind of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(kind, (event) => {
      if (!zone() || !event.dataTransfer) return;
      event.preventDefault(); // a file dropped beside the zone must not replace the page
      zone().classList.toggle("drop-over", kind === "dragover");
      if (kind === "drop") for (const file of event.dataTransfer.files) send(file);
    });
  }
  window.addEventListener("beforeunload", (event) => {
    if (transfers.some((transfer) => transfer.state === "sending")) event.preventDefault();
  });
})();
