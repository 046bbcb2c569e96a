/** What a failed call becomes: one kind of error, with words for a person. */
import { m } from '#lib/paraglide/messages.js';

export interface FieldProblem {
	field: string;
	message: string;
}

interface Problem {
	type: string;
	status: number;
	title?: string;
	detail?: string;
	errors?: FieldProblem[];
	key?: string;
}

/** A refused or failed call. `code` is what to decide by; `status` 0 means that the server was not reached. */
export class ApiError extends Error {
	override readonly name = 'ApiError';

	constructor(
		readonly status: number,
		readonly code: string,
		detail: string,
		readonly fields: readonly FieldProblem[] = [],
		/** Seconds after which the same call may succeed, where the server told. */
		readonly retryAfter: number | null = null,
		/** The series that the call conflicts with. */
		readonly key: string | null = null
	) {
		super(detail);
	}

	/** Whether calling again later can help. */
	get transient(): boolean {
		return this.status === 0 || this.status === 429 || this.status >= 500;
	}
}

/** Makes the error of an answer that is not 2xx; `body` is what came, whatever that is. */
export function fromAnswer(response: Response, body: unknown): ApiError {
	const retry = Number(response.headers.get('Retry-After'));
	const retryAfter = Number.isFinite(retry) && retry > 0 ? retry : null;
	if (!isProblem(body)) return new ApiError(response.status, 'unexpected', response.statusText, [], retryAfter);
	const code = body.type.split('/').at(-1) ?? 'unexpected';
	const detail = body.detail ?? body.title ?? '';
	return new ApiError(response.status, code, detail, body.errors ?? [], retryAfter, body.key ?? null);
}

function isProblem(body: unknown): body is Problem {
	return typeof body === 'object' && body !== null && typeof (body as Problem).type === 'string';
}

/** What each code says to a person. A code that is missing here falls back on the server's own sentence. */
const TEXTS: Record<string, (error: ApiError) => string> = {
	unreachable: () => m.error_unreachable(),
	unexpected: (error) => m.error_unexpected({ status: error.status }),
	internal: () => m.error_internal(),
	'address-refused': () => m.error_address_refused(),
	'all-hosters-failed': () => m.error_all_hosters_failed(),
	'already-in-library': () => m.error_already_in_library(),
	'already-undone': () => m.error_already_undone(),
	'anime-directory-gone': () => m.error_anime_directory_gone(),
	'answer-too-large': () => m.error_answer_too_large(),
	'bad-answer': () => m.error_bad_answer(),
	'change-not-found': () => m.error_change_not_found(),
	'conflict-gone': () => m.error_conflict_gone(),
	'content-changed': () => m.error_content_changed(),
	'cross-site': () => m.error_cross_site(),
	'disk-error': (error) => m.error_disk_error({ detail: error.message }),
	'disk-full': () => m.error_disk_full(),
	'download-failed': () => m.error_download_failed(),
	'episode-not-found': () => m.error_episode_not_found(),
	'file-too-large': () => m.error_file_too_large(),
	'files-not-deleted': () => m.error_files_not_deleted(),
	'folder-not-found': () => m.error_folder_not_found(),
	'folder-taken': () => m.error_folder_taken(),
	'host-busy': () => m.error_host_busy(),
	'host-resting': () => m.error_host_resting(),
	'http-status': () => m.error_http_status(),
	'media-failed': () => m.error_media_failed(),
	'media-refused': () => m.error_media_refused(),
	'media-worker': () => m.error_media_worker(),
	'metadata-key': () => m.error_metadata_key(),
	'metadata-off': () => m.error_metadata_off(),
	'metadata-service': () => m.error_metadata_service(),
	'metadata-unknown': () => m.error_metadata_unknown(),
	network: () => m.error_network(),
	'network-timeout': () => m.error_network_timeout(),
	'no-anime-directory': () => m.error_no_anime_directory(),
	'no-links': () => m.error_no_links(),
	'not-a-video': () => m.error_not_a_video(),
	'not-at-source': () => m.error_not_at_source(),
	'not-found': () => m.error_not_found(),
	'nothing-to-check': () => m.error_nothing_to_check(),
	'number-taken': () => m.error_number_taken(),
	'operation-ended': () => m.error_operation_ended(),
	'organise-running': () => m.error_organise_running(),
	'parts-misfit': () => m.error_parts_misfit(),
	'playlist-unusable': () => m.error_playlist_unusable(),
	'preview-changed': () => m.error_preview_changed(),
	'queue-item-not-found': () => m.error_queue_item_not_found(),
	'queue-item-not-pending': () => m.error_queue_item_not_pending(),
	'queue-item-state': () => m.error_queue_item_state(),
	'season-not-found': () => m.error_season_not_found(),
	'segment-failed': () => m.error_segment_failed(),
	'series-not-found': () => m.error_series_not_found(),
	'session-not-found': () => m.error_session_not_found(),
	'setup-done': () => m.error_setup_done(),
	'setup-required': () => m.error_setup_required(),
	'short-body': () => m.error_short_body(),
	'source-changed': () => m.error_source_changed(),
	'source-failed': () => m.error_source_failed(),
	'source-gone': () => m.error_source_gone(),
	'source-unreachable': () => m.error_source_unreachable(),
	stalled: () => m.error_stalled(),
	'stream-unsupported': () => m.error_stream_unsupported(),
	'target-exists': () => m.error_target_exists(),
	'target-gone': () => m.error_target_gone(),
	'too-many-attempts': (error) => m.error_too_many_attempts({ seconds: error.retryAfter ?? 30 }),
	'too-many-requests': () => m.error_too_many_requests(),
	unauthenticated: () => m.error_unauthenticated(),
	unavailable: () => m.error_unavailable(),
	'unknown-provider': () => m.error_unknown_provider(),
	'watch-limit': () => m.error_watch_limit(),
	'weak-password': () => m.error_weak_password(),
	'wrong-current-password': () => m.error_wrong_current_password(),
	'wrong-password': () => m.error_wrong_password(),
	'wrong-setup-code': () => m.error_wrong_setup_code()
};

/** A sentence for a person, whatever was thrown. */
export function errorText(error: unknown): string {
	if (!(error instanceof ApiError)) return m.error_internal();
	return TEXTS[error.code]?.(error) ?? (error.message || m.error_unexpected({ status: error.status }));
}

/** A sentence for a code that did not come as the answer to a call, such as why a download failed. */
export function codeText(code: string | null, detail: string): string {
	return errorText(new ApiError(0, code ?? '', detail));
}

/** What is wrong with which field, for the form; empty where the error is of another kind. */
export function fieldErrors(error: unknown): Record<string, string> {
	if (!(error instanceof ApiError)) return {};
	const known = TEXTS[error.code];
	return Object.fromEntries(error.fields.map(({ field, message }) => [field, known?.(error) ?? message]));
}
