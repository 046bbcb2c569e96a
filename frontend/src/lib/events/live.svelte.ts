/** Ties the stream to the cache. Started once, by the layout of the pages that need a session. */
import { base, call, queryClient, sessionEnded } from '#lib/api/client.ts';
import { authStatus } from '#lib/api/generated/index.ts';
import { progress } from '#lib/features/queue/progress.svelte.ts';
import { apply } from './apply';
import { batch } from './batch';
import { listen, type StreamState } from './stream';

const TOPICS = 'downloads,download_progress,queue_progress,scan_progress,series,system';

class Live {
	/** Whether what is shown is kept up to date. */
	state = $state<StreamState>('connecting');

	/** Listens until the returned function is called. */
	start(): () => void {
		const refetch = batch((keys) => Promise.all(keys.map((queryKey) => queryClient.invalidateQueries({ queryKey }))));
		const stop = listen(`${base}/api/events?topics=${TOPICS}`, {
			event: (event) => refetch(apply(event)),
			resync: () => {
				progress.clear();
				refetch([[]]);
			},
			state: (state) => (this.state = state),
			allowed: async () => {
				const { authenticated } = await call(authStatus());
				if (!authenticated) sessionEnded();
				return authenticated;
			}
		});
		return () => {
			stop();
			progress.clear();
			this.state = 'connecting';
		};
	}
}

export const live = new Live();
