/** Who is logged in, and coming in. */
import { createQuery } from '@tanstack/svelte-query';
import { call, queryClient } from '#lib/api/client.ts';
import {
	authStatus,
	changePassword,
	listSessions,
	login,
	logout,
	revokeSession,
	setup,
	type AuthStatus,
	type LoginInput,
	type SessionOut,
	type Setup
} from '#lib/api/generated/index.ts';

export type LoginSession = SessionOut;

const keys = {
	status: ['access', 'status'] as const,
	sessions: ['access', 'sessions'] as const
};

/** Where the asker stands; asked once, until something changes it. */
export function status(): Promise<AuthStatus> {
	return queryClient.fetchQuery({
		queryKey: keys.status,
		queryFn: () => call(authStatus()),
		staleTime: 5 * 60_000
	});
}

/** What was known belongs to nobody any more. */
export function forget(): void {
	queryClient.clear();
}

export async function enter(input: LoginInput): Promise<void> {
	await call(login({ body: input }));
	forget();
}

export async function setUp(input: Setup): Promise<void> {
	await call(setup({ body: input }));
	forget();
}

export async function leave(): Promise<void> {
	await call(logout());
	forget();
}

export async function newPassword(current: string, next: string): Promise<void> {
	await call(changePassword({ body: { current_password: current, new_password: next } }));
	await queryClient.invalidateQueries({ queryKey: keys.sessions });
}

export function sessionList() {
	return createQuery(() => ({ queryKey: keys.sessions, queryFn: ({ signal }) => call(listSessions({ signal })) }));
}

export async function revoke(id: string): Promise<void> {
	await call(revokeSession({ path: { session_id: id } }));
	await queryClient.invalidateQueries({ queryKey: keys.sessions });
}
