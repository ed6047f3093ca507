// The signed-out view: who connects, in which mode, and the way to the consent page.

import { find } from "./element.js";
import { wishIn } from "./session.js";

export function prepareConnect(session) {
  const form = find("#connect");
  const show = () => {
    const isEnterprise = form.elements.connect.value === "enterprise";
    // No hint of a mode is documented for organisations, so none is offered.
    find("#connect-modes").hidden = isEnterprise;
    find("#connect-enterprise").hidden = !isEnterprise;
  };
  form.onchange = show;
  form.onsubmit = (submission) => {
    submission.preventDefault();
    const connect = form.elements.connect.value;
    const wish = connect === "enterprise" ? {} : wishIn(form.elements.mode.value);
    location.assign(session.loginUrl({ connect, ...wish }));
  };
  show();
}
