import "./style/tokens.css";
import "./style/components.css";
import "./style/page.css";

import { mount } from "svelte";

import App from "./App.svelte";
import icons from "./style/icons.svg?raw";
import { applyTheme } from "./theme";

applyTheme();
const sprite = new DOMParser().parseFromString(icons, "image/svg+xml").documentElement;
sprite.classList.add("sprite");
document.body.append(sprite);
mount(App, { target: document.body });
