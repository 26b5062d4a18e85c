/* Passkeys: hands what the server asks to the browser's own dialogue, and its answer back as a form. */
(() => {
  "use strict";
  const toBytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (sign) => sign.charCodeAt(0));
  const toText = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((entry) => ({ ...entry, id: toBytes(entry.id) }));

  const create = async (options) => {
    const made = await navigator.credentials.create({
      publicKey: {
        ...options,
        challenge: toBytes(options.challenge),
        user: { ...options.user, id: toBytes(options.user.id) },
        excludeCredentials: known(options.excludeCredentials),
      },
    });
    return {
      id: made.id,
      rawId: toText(made.rawId),
      type: made.type,
      response: {
        attestationObject: toText(made.response.attestationObject),
        clientDataJSON: toText(made.response.clientDataJSON),
        transports: made.response.getTransports ? made.response.getTransports() : [],
      },
      extensions: JSON.stringify(made.getClientExtensionResults()),
    };
  };

  const get = async (options) => {
    const proof = await navigator.credentials.get({
      publicKey: { ...options, challenge: toBytes(options.challenge), allowCredentials: known(options.allowCredentials) },
    });
    const { response } = proof;
    return {
      id: proof.id,
      rawId: toText(proof.rawId),
      type: proof.type,
      response: {
        authenticatorData: toText(response.authenticatorData),
        clientDataJSON: toText(response.clientDataJSON),
        signature: toText(response.signature),
        userHandle: response.userHandle ? toText(response.userHandle) : null,
      },
    };
  };

  const form = document.getElementById("passkey");
  if (!form) return;
  const ask = form.dataset.what === "create" ? create : get;
  ask(JSON.parse(form.dataset.options))
    .then((answer) => {
      form.elements.credential.value = JSON.stringify(answer);
      form.submit();
    })
    .catch(() => {
      document.getElementById("passkey-wrong").hidden = false;
    });
})();
