/** Line icons on a 16 px grid, drawn here so that the page loads nothing. */
const paths = {
  plus: 'M8 3v10M3 8h10',
  close: 'M4 4l8 8M12 4l-8 8',
  menu: 'M2.5 4.5h11M2.5 8h11M2.5 11.5h11',
  sidebar: 'M2.5 3h11v10h-11zM6.5 3v10',
  search: 'M7 11.500a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9zM10.3 10.300L13.5 13.5',
  edit: 'M3 13l.6-2.8 7.1-7.100a1.4 1.4 0 0 1 2 0l.2.2a1.4 1.4 0 0 1 0 2L5.8 12.400z',
  trash: 'M3 4.500h10M6.5 4.500V3h3v1.500M4.5 4.500l.5 8.500h6l.5-8.5',
  eye: 'M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8zM8 10a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  keyboard: 'M1.5 4h13v8h-13zM4 6.700h.01M6.7 6.700h.01M9.3 6.700h.01M12 6.700h.01M4.5 9.500h7',
  settings:
    'M2 4.500h6.500M12 4.500h2M2 11.500h2M7.5 11.500H14M10.25 6.250a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.500zM5.75 13.250a1.75 1.75 0 1 0 0-3.5 1.75 1.75 0 0 0 0 3.500z',
  users:
    'M6 7.500a2.3 2.3 0 1 0 0-4.6 2.3 2.3 0 0 0 0 4.600zM1.8 13c.3-2.3 2-3.7 4.2-3.700s3.9 1.4 4.2 3.700M10.5 3.200a2.2 2.2 0 0 1 0 4.200M12 9.700c1.3.5 2 1.7 2.2 3.3',
  up: 'M4 9.500L8 5.500l4 4',
  down: 'M4 6.500l4 4 4-4',
  more: 'M8 3.500h.01M8 8h.01M8 12.500h.01',
  bolt: 'M9 1.500L3.5 9H8l-1 5.500L12.5 7H8z',
  refresh: 'M13 8a5 5 0 1 1-1.6-3.700M13 2.500V5h-2.5',
  back: 'M10 3.500L5.500 8l4.500 4.500',
  play: 'M5 3.500v9l7.500-4.500z',
  archive: 'M2 3h12v3H2zM3 6v7.500h10V6M6.500 8.500h3',
  channels: 'M1.500 9.500h3.500L10 5M10.500 9.500h4M10.500 7.500v4',
  terminal: 'M3 4.500L6.5 8 3 11.500M8 12h5',
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  const width = name === 'more' ? 2.2 : 1.5;
  return (
    <svg class="icon" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <path
        d={paths[name]}
        fill="none"
        stroke="currentColor"
        stroke-width={width}
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}
