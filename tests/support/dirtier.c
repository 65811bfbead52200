/* Writes to MIB MiB of memory again and again, a MiB in 20 ms (50 MB/s; in the first pass as fast as it can) with the
 * number of the pass, and then the number of the round to a block of its own of /dev/vda, past the page cache. It says
 * when what it finds is not what it has left there: TORN memory, a LOST block, one from the FUTURE. It may be all that a
 * guest has: without a disk it writes to memory alone, and it needs no headers and no C library.
 */

enum { WRITE = 1, OPEN = 2, PREAD = 17, PWRITE = 18, NANOSLEEP = 35, CLOCK_GETTIME = 228 };
enum { O_RDWR = 2, O_DIRECT = 040000, CLOCK_MONOTONIC = 1 };
enum { PAGES = MIB * 256, PAGE = 512 /* longs */, AT_ONCE = 256, BLOCK = 64 /* longs */, ROUND = 20000000 /* ns */ };
enum { FIRST = 1 << 20 };

static long memory[PAGES * PAGE] __attribute__((aligned(4096)));
static long block[BLOCK] __attribute__((aligned(4096)));

static long call(long number, long a, long b, long c, long d) {
	long result;
	__asm__ volatile("movq %5, %%r10\n\tsyscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "m"(d)
			 : "rcx", "r10", "r11", "memory");
	return result;
}

static void say(char *word, long number) {
	static char line[40];
	char *at = line + sizeof line;
	*--at = '\n';
	do *--at = '0' + number % 10;
	while (number /= 10);
	*--at = ' ';
	long length = 0;
	while (word[length]) length++;
	while (length > 0) *--at = word[--length];
	call(WRITE, 1, (long)at, line + sizeof line - at, 0);
}

static long now(void) {
	static long time[2];
	call(CLOCK_GETTIME, CLOCK_MONOTONIC, (long)time, 0, 0);
	return time[0] * 1000000000 + time[1];
}

static long block_of(long disk, long round) {
	call(PREAD, disk, (long)block, sizeof block, FIRST + round * sizeof block);
	return block[0];
}

void _start(void) {
	long disk = call(OPEN, (long)"/dev/vda", O_RDWR | O_DIRECT, 0, 0), page = 0, pass = 1;
	for (long round = 1;; round++) {
		long begun = now();
		if (disk >= 0) {
			if (block_of(disk, round)) say("FUTURE", round);
			if (round > 1 && block_of(disk, round - 1) != round - 1) say("LOST", round - 1);
			block[0] = round;
			call(PWRITE, disk, (long)block, sizeof block, FIRST + round * sizeof block);
		}
		for (long each = 0; each < AT_ONCE; each++) {
			long *first = memory + page * PAGE, *last = first + PAGE - 1;
			if (*first != pass - 1 || *last != pass - 1) say("TORN", page);
			*first = *last = pass;
			if (++page == PAGES) page = 0, pass++;
		}
		if (round % 50 == 0) say("round", round);
		long rest[2] = {0, ROUND - (now() - begun)};
		if (rest[1] > 0 && pass > 1) call(NANOSLEEP, (long)rest, 0, 0, 0);
	}
}
