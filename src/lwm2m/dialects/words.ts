import type { ResponseCode } from '../../coap/types.js';
import type { Failure } from '../command.js';

/** CoAP codes in the specification's words; the CmdID era used them as they stand [RFC 7252 12.1.2]. */
const codeNames: Readonly<Record<string, string>> = {
  '2.01': 'Created',
  '2.02': 'Deleted',
  '2.03': 'Valid',
  '2.04': 'Changed',
  '2.05': 'Content',
  '2.31': 'Continue',
  '4.00': 'Bad Request',
  '4.01': 'Unauthorized',
  '4.02': 'Bad Option',
  '4.03': 'Forbidden',
  '4.04': 'Not Found',
  '4.05': 'Method Not Allowed',
  '4.06': 'Not Acceptable',
  '4.08': 'Request Entity Incomplete',
  '4.09': 'Conflict',
  '4.12': 'Precondition Failed',
  '4.13': 'Request Entity Too Large',
  '4.15': 'Unsupported Content Format',
  '4.22': 'Unprocessable Entity',
  '4.29': 'Too Many Requests',
  '5.00': 'Internal Server Error',
  '5.01': 'Not Implemented',
  '5.02': 'Bad Gateway',
  '5.03': 'Service Unavailable',
  '5.04': 'Gateway Timeout',
  '5.05': 'Proxying Not Supported',
};

/** A failure for applications: in the words of the CmdID dialect, and as the code of the msgType dialect. */
interface FailureWords {
  readonly title: string;
  readonly code: string;
  readonly message: string;
}

// 5.04 is what a proxy says; 6.xx is no CoAP code, so it is never taken for a device's own.
const failures: Readonly<Record<Failure, FailureWords>> = {
  internal: { title: 'Internal Error', code: '6.00', message: 'internal_error' },
  reset: { title: 'Reset', code: '6.01', message: 'reset' },
  not_registered: { title: 'Not Registered', code: '6.02', message: 'not_registered' },
  queue_full: { title: 'Queue Full', code: '6.03', message: 'queue_full' },
  expired: { title: 'Expired', code: '6.04', message: 'expired' },
  not_observed: { title: 'Not Observed', code: '6.05', message: 'not_observed' },
  no_definition: { title: 'No XML Definition', code: '6.06', message: 'no_object_definition' },
  bad_answer: { title: 'Bad Answer', code: '6.07', message: 'bad_answer' },
  too_large: { title: 'Too Large', code: '6.08', message: 'too_large' },
  outcome_unknown: { title: 'Outcome Unknown', code: '6.09', message: 'outcome_unknown' },
  bad_value: { title: 'Bad Value', code: '4.00', message: 'bad_request' },
  timeout: { title: 'Timeout', code: '5.04', message: 'gateway_timeout' },
};

/** A code as the CmdID dialect says it: `Not Found`; one without a name as it is. */
export function codeTitle(code: ResponseCode): string {
  return codeNames[code] ?? code;
}

/** A code as the msgType dialect says it: `not_found`. */
export function codeMessage(code: ResponseCode): string {
  return (codeNames[code] ?? 'unknown').toLowerCase().replaceAll(' ', '_');
}

export function failureWords(failure: Failure): FailureWords {
  return failures[failure];
}
