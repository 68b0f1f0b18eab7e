import { restartPolicies } from '../api/types';
import { restartPolicyText } from './format';

/** The field `restart` of a form: whether the program is started again when it ends. */
export function RestartChoice() {
  return (
    <>
      <label for="new-restart">Restart</label>
      <select id="new-restart" name="restart">
        {restartPolicies.map((policy) => (
          <option key={policy} value={policy}>
            {restartPolicyText(policy)}
          </option>
        ))}
      </select>
    </>
  );
}
