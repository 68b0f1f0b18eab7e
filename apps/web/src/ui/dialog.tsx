import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { useApp } from './app_context';

/** A modal dialog: the browser's own, so that focus, Escape and the page behind it are right. */
export function Modal(props: { title: string; children: ComponentChildren }) {
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
      class="card modal"
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
        <h2 id="modal-title">{props.title}</h2>
        {props.children}
      </div>
    </dialog>
  );
}
