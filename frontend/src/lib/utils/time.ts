/** Calls `run` with the newest argument once nothing came for `wait` milliseconds. */
export function debounce<Value>(
	run: (value: Value) => void,
	wait: number
): { (value: Value): void; cancel: () => void } {
	let timer: ReturnType<typeof setTimeout> | undefined;
	const cancel = () => clearTimeout(timer);
	const call = (value: Value) => {
		cancel();
		timer = setTimeout(() => run(value), wait);
	};
	return Object.assign(call, { cancel });
}
