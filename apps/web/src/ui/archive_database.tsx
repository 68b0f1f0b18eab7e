import type { DatabasePool, DatabaseReport } from '../api/archive_types';
import { useAppState, useNow } from './app_context';
import { databaseRows, databaseTone, whenText } from './archive_format';

/** How the database is, why, and how it came to that; live. */
export function DatabaseView() {
  const { database, databaseError } = useAppState().archive;
  return (
    <div class="archive-list database">
      {databaseError !== null && (
        <p class="form-error" role="alert">
          {databaseError}
        </p>
      )}
      {database && <Report report={database} />}
    </div>
  );
}

function Report({ report }: { report: DatabaseReport }) {
  const now = useNow(1000);
  const { state, reason, pools = [], transitions } = report;
  return (
    <>
      <p class="database-state" role="status">
        <span class={`dot ${databaseTone(state)}`} aria-hidden="true" />
        <strong>{state}</strong>
        {reason !== null && <span>{reason}</span>}
      </p>
      <dl class="facts">
        {databaseRows(report, now).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {pools.length > 0 && <Pools pools={pools} />}
      <h3>How it came to this</h3>
      <ol class="transitions">
        {[...transitions].reverse().map((each, index) => (
          <li key={transitions.length - index}>
            <time dateTime={each.at}>{whenText(each.at, now)}</time>
            <span class={`dot ${databaseTone(each.state)}`} aria-hidden="true" />
            <span>{each.state}</span>
            {each.reason !== null && <span class="hint">{each.reason}</span>}
          </li>
        ))}
      </ol>
    </>
  );
}

function Pools({ pools }: { pools: DatabasePool[] }) {
  return (
    <>
      <h3>Connections to PostgreSQL</h3>
      <table class="pools">
        <thead>
          <tr>
            {['Pool', 'Busy', 'Waiting', 'Timeouts', 'Refused'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {pools.map(({ name, size, busy, waiting, timeouts, refused }) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td>
                {busy} of {size}
              </td>
              <td>{waiting}</td>
              <td>{timeouts}</td>
              <td>{refused}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </>
  );
}
