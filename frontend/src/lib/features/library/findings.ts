/** What each finding of the player check says to a person. Loaded with the panel that shows it. */
import type { Finding } from '#lib/api/generated/index.ts';
import { m } from '#lib/paraglide/messages.js';

type Word = (name: string) => string;

const TEXTS: Record<Finding['code'], (word: Word) => [message: string, fix: string]> = {
	no_series_nfo: () => [m.check_no_series_nfo(), m.check_fix_again()],
	episodes_without_nfo: (word) => [m.check_episodes_without_nfo({ count: word('count') }), m.check_fix_again()],
	nfo_without_video: () => [m.check_nfo_without_video(), m.check_nfo_without_video_fix()],
	nfo_unreadable: (word) => [m.check_nfo_unreadable({ detail: word('detail') }), m.check_fix_by_hand()],
	nfo_malformed: (word) => [m.check_nfo_malformed({ detail: word('detail') }), m.check_fix_by_hand()],
	nfo_control_characters: () => [m.check_nfo_control_characters(), m.check_fix_by_hand()],
	nfo_only_address: () => [m.check_nfo_only_address(), m.check_fix_by_hand()],
	nfo_wrong_root: (word) => [
		m.check_nfo_wrong_root({ expected: word('expected'), found: word('found') }),
		m.check_fix_by_hand()
	],
	nfo_kodi_multi_episode: () => [m.check_nfo_kodi_multi_episode(), m.check_nfo_kodi_multi_episode_fix()],
	nfo_not_stacked: (word) => [
		m.check_nfo_not_stacked({ described: word('described'), videos: word('videos') }),
		m.check_nfo_not_stacked_fix()
	],
	nfo_encoding: (word) => [m.check_nfo_encoding({ encoding: word('encoding') }), m.check_nfo_encoding_fix()],
	nfo_locked: () => [m.check_nfo_locked(), m.check_nfo_locked_fix()],
	nfo_no_title: () => [m.check_nfo_no_title(), m.check_fix_again()],
	nfo_legacy_id: () => [m.check_nfo_legacy_id(), m.check_nfo_legacy_id_fix()],
	nfo_several_default_ids: (word) => [
		m.check_nfo_several_default_ids({ count: word('count') }),
		m.check_nfo_several_default_ids_fix()
	],
	nfo_no_default_id: () => [m.check_nfo_no_default_id(), m.check_nfo_no_default_id_fix()],
	nfo_status: (word) => [m.check_nfo_status({ value: word('value') }), m.check_nfo_status_fix()],
	nfo_slash: (word) => [
		m.check_nfo_slash({ tag: word('tag'), value: word('value') }),
		m.check_nfo_slash_fix({ tag: word('tag') })
	],
	nfo_date: (word) => [m.check_nfo_date({ tag: word('tag'), value: word('value') }), m.check_nfo_date_fix()],
	nfo_rating: (word) => [m.check_nfo_rating({ value: word('value') }), m.check_nfo_rating_fix()],
	nfo_logo_aspect: () => [m.check_nfo_logo_aspect(), m.check_nfo_logo_aspect_fix()],
	nfo_season_thumb: () => [m.check_nfo_season_thumb(), m.check_nfo_season_thumb_fix()],
	nfo_thumb_beats_file: (word) => [
		m.check_nfo_thumb_beats_file({ file: word('file'), tag: word('tag') }),
		m.check_nfo_thumb_beats_file_fix({ tag: word('tag') })
	],
	nfo_place: (word) => [
		m.check_nfo_place({ tag: word('tag'), value: word('value') }),
		m.check_nfo_place_fix({ tag: word('tag') })
	],
	nfo_other_number: (word) => [
		m.check_nfo_other_number({ described: word('described'), name: word('name') }),
		m.check_nfo_other_number_fix()
	],
	nfo_other_id: (word) => [
		m.check_nfo_other_id({ described: word('described'), folder: word('folder'), service: word('service') }),
		m.check_nfo_other_id_fix()
	],
	no_number: () => [m.check_no_number(), m.check_no_number_fix()],
	season_extras: () => [m.check_season_extras(), m.check_season_extras_fix()],
	season_name: (word) => [
		m.check_season_name({ number: word('number'), season: word('season') }),
		m.check_season_name_fix()
	],
	seasons_mixed: (word) => [
		m.check_seasons_mixed({ other: word('other'), season: word('season') }),
		m.check_seasons_mixed_fix()
	],
	loose_episodes: (word) => [m.check_loose_episodes({ count: word('count') }), m.check_loose_episodes_fix()],
	several_files: (word) => [m.check_several_files({ count: word('count') }), m.check_several_files_fix()],
	no_videos: () => [m.check_no_videos(), m.check_no_videos_fix()],
	ignored_by_jellyfin: () => [m.check_ignored_by_jellyfin(), m.check_ignored_by_jellyfin_fix()],
	ignored_by_kodi: () => [m.check_ignored_by_kodi(), m.check_ignored_by_kodi_fix()],
	poster_missing: () => [m.check_poster_missing(), m.check_poster_missing_fix()],
	artwork_name: (word) => [m.check_artwork_name(), m.check_artwork_name_fix({ name: word('name') })],
	season_artwork_name: (word) => [
		m.check_season_artwork_name(),
		m.check_season_artwork_name_fix({ name: word('name') })
	],
	logo_name: () => [m.check_logo_name(), m.check_logo_name_fix()],
	name_too_long: (word) => [m.check_name_too_long({ bytes: word('bytes') }), m.check_name_too_long_fix()],
	name_not_portable: () => [m.check_name_not_portable(), m.check_name_not_portable_fix()]
};

/** What is the matter, and what to do about it. A newer server's finding falls back on its own words. */
export function findingText({ code, parameters, message, fix }: Finding): [message: string, fix: string] {
	return TEXTS[code]?.((name) => parameters[name] ?? '') ?? [message, fix];
}
