/** Calls `run` with the newest argument once nothing came for `wait` milliseconds. */
export function debounce<Value>(run: (value: Value) => void, wait: number): (value: Value) => void {
	let timer: ReturnType<typeof setTimeout> | undefined;
	return (value) => {
		clearTimeout(timer);
		timer = setTimeout(() => run(value), wait);
	};
}
