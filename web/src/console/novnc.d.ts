/** What is used of noVNC (docs/API.md of 1.7), which comes without types. */

declare module "@novnc/novnc" {
  export default class RFB extends EventTarget {
    constructor(target: HTMLElement, channel: WebSocket, options?: { shared?: boolean });
    scaleViewport: boolean;
    viewOnly: boolean;
    background: string;
    focusOnClick: boolean;
    focus(): void;
    disconnect(): void;
    sendKey(keysym: number, code: string | null, down?: boolean): void;
    sendCtrlAltDel(): void;
    toBlob(callback: (blob: Blob | null) => void, type?: string): void;
  }
}
