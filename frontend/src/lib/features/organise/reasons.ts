import type { PathChange } from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';

export type Reason = NonNullable<PathChange['conflict']>;

/** Why something keeps its name. */
export const reasons: Record<Reason, () => string> = {
	target_exists: m.organise_reason_target_exists,
	same_target: m.organise_reason_same_target,
	case_only: m.organise_reason_case_only,
	name_too_long: m.organise_reason_name_too_long,
	downloading: m.organise_reason_downloading,
	loading: m.organise_reason_loading,
	unreadable: m.organise_reason_unreadable,
	outside: m.organise_reason_outside,
	missing: m.organise_reason_missing,
	refused: m.organise_reason_refused
};
