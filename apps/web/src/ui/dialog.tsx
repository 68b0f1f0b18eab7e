import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from './app_context';
import { Icon } from './icons';

/** A modal dialog: the browser's own, so that focus, Escape and the page behind it are right. */
export function Modal(props: {
  title: string;
  children: ComponentChildren;
  /** Takes what room there is, on a phone all of it, so it has a button to close it. */
  isWide?: boolean;
  /** To where it was opened from. */
  onBack?: (() => void) | undefined;
}) {
  const app = useApp();
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    // Behind an open modal nothing can have the focus: only once it is gone.
    return () => void setTimeout(() => app.tabs.focus());
  }, [app]);
  return (
    <dialog
      ref={dialog}
      class={props.isWide ? 'card modal wide' : 'card modal'}
      aria-labelledby="modal-title"
      onCancel={(event) => {
        event.preventDefault();
        app.showDialog(null);
      }}
      onClick={(event) => {
        if (event.target === dialog.current) app.showDialog(null);
      }}
    >
      <div class="modal-body">
        <header class="modal-head">
          {props.onBack && (
            <button class="icon-button large" title="Back" aria-label="Back" onClick={props.onBack}>
              <Icon name="back" />
            </button>
          )}
          <h2 id="modal-title">{props.title}</h2>
          {props.isWide && (
            <button
              class="icon-button large"
              title="Close (Escape)"
              aria-label="Close"
              onClick={() => app.showDialog(null)}
            >
              <Icon name="close" />
            </button>
          )}
        </header>
        {props.children}
      </div>
    </dialog>
  );
}
