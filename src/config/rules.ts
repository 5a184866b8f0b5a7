import type { Config } from './config.js';
import { checkCredentials } from './credential-rules.js';
import type { Features } from './features.js';
import { isthmusKeys } from './isthmus-keys.js';
import { checkListeners } from './listener-rules.js';
import { lwm2mKeys } from './lwm2m-keys.js';
import type { Problems } from './problem.js';
import type { Values } from './values.js';

/** What no key can tell on its own. */
export function checkRules(values: Values, config: Config, built: Features, problems: Problems): void {
  checkListeners(values, config, problems);
  checkCredentials(values, built, problems);

  const { broker, brokerExternal } = isthmusKeys;
  if (config.broker.mode === 'external' && config.broker.url === undefined) {
    problems.error(`${broker.mode.name} = external needs ${broker.url.name}`, values.where(broker.mode.name));
  }
  const { passwordFile, aclFile } = isthmusKeys.brokerAccess;
  for (const key of config.broker.mode === 'external' ? [passwordFile, aclFile] : []) {
    if (values.get(key) !== undefined) {
      problems.warn(`${key.name} has no effect: the external broker decides`, values.where(key.name));
    }
  }
  if (!config.broker.external.clientId.includes('%c')) {
    const { name } = brokerExternal.clientId;
    problems.error(`${name} needs a %c, or devices would take each other's place`, values.where(name));
  }

  const { lifetimeMin, lifetimeMax, updateCondition, publishUpdateWhen } = lwm2mKeys.registration;
  const { lifetimeMinSeconds: min, lifetimeMaxSeconds: max, topics } = config.lwm2m;
  if (min > max) {
    const where = values.where(lifetimeMin.name) ?? values.where(lifetimeMax.name);
    problems.error(`${lifetimeMin.name} = ${min}s: at most ${lifetimeMax.name}, which is ${max}s`, where);
  }
  const otherName = values.get(publishUpdateWhen);
  if (values.has(updateCondition) && otherName !== undefined && otherName !== values.get(updateCondition)) {
    problems.warn(
      `${publishUpdateWhen.name} is another name of ${updateCondition.name} and goes before it`,
      values.where(publishUpdateWhen.name),
    );
  }

  const { mountpoint, command } = lwm2mKeys.topics;
  if (topics.some((set) => !/%[ea]/.test(config.lwm2m.mountpoint + set.command))) {
    problems.error(
      `${mountpoint.name} and ${command.name} together need a %e, or a command would reach every device`,
      values.where(command.name) ?? values.where(mountpoint.name),
    );
  }
}
