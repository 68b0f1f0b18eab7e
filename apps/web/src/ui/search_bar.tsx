import { useEffect, useRef, useState } from 'preact/hooks';
import { useApp } from './app_context';
import { Icon } from './icons';

export function SearchBar({ result }: { result: { index: number; count: number } }) {
  const app = useApp();
  const [text, setText] = useState('');
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), []);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Escape') app.closeSearch();
    else if (event.key === 'Enter') app.find(text, event.shiftKey ? 'previous' : 'next', false);
    else return;
    event.preventDefault();
  };
  const count = result.index >= 0 ? `${result.index + 1} of ${result.count}` : `${result.count}`;
  return (
    <search class="search-bar card">
      <Icon name="search" />
      <input
        ref={input}
        placeholder="Search"
        aria-label="Search in the terminal"
        spellcheck={false}
        value={text}
        onKeyDown={onKeyDown}
        onInput={(event) => {
          setText(event.currentTarget.value);
          app.find(event.currentTarget.value, 'next', true);
        }}
      />
      <span class="search-count" role="status">
        {text === '' ? '' : result.count === 0 ? 'none' : count}
      </span>
      <button class="icon-button" aria-label="Previous match" onClick={() => app.find(text, 'previous', false)}>
        <Icon name="up" />
      </button>
      <button class="icon-button" aria-label="Next match" onClick={() => app.find(text, 'next', false)}>
        <Icon name="down" />
      </button>
      <button class="icon-button" aria-label="Close the search" onClick={() => app.closeSearch()}>
        <Icon name="close" />
      </button>
    </search>
  );
}
