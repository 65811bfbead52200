/* Lets a real xenstored serve its socket on a host without Xen: loaded before Xen's libraries, it has one domain, 0, whose
 * ring stays silent, and an event channel on which nothing ever comes. It needs no headers and no C library to be built.
 */

typedef unsigned int domid_t;

extern int eventfd(unsigned int, int);
extern int ftruncate(int, long);
extern int memfd_create(const char *, unsigned int);
extern void *memset(void *, int, unsigned long);
extern int strcmp(const char *, const char *);
extern long syscall(long, ...);
extern long write(int, const void *, unsigned long);

enum { SYSCALL_OPEN = 2, PAGE = 4096 };

static int handle, silent = -1;

/* libxenctrl: of 4.17, and of 4.20. A domain's info begins with its id; all else 0 means that it runs. */
void *xc_interface_open(void *log, void *dumps, unsigned flags) { return &handle; }
int xc_interface_close(void *xc) { return 0; }
int xc_domain_getinfo(void *xc, domid_t first, unsigned most, domid_t *info) {
	if (first != 0) return 0;
	memset(info, 0, 64);
	return 1;
}
int xc_domain_getinfo_single(void *xc, domid_t domid, domid_t *info) {
	if (domid != 0) return -1;
	memset(info, 0, 64);
	return 0;
}

/* libxenevtchn */
void *xenevtchn_open(void *log, unsigned flags) { return &handle; }
void *xenevtchn_fdopen(void *log, int descriptor, unsigned flags) { return &handle; }
int xenevtchn_fd(void *events) { return silent < 0 ? silent = eventfd(0, 0) : silent; }
int xenevtchn_bind_virq(void *events, unsigned virq) { return 1; }
int xenevtchn_bind_interdomain(void *events, domid_t domid, unsigned port) { return 2; }
int xenevtchn_unbind(void *events, unsigned port) { return 0; }
int xenevtchn_notify(void *events, unsigned port) { return 0; }
int xenevtchn_pending(void *events) { return -1; }
int xenevtchn_unmask(void *events, unsigned port) { return 0; }

/* libxengnttab */
void *xengnttab_open(void *log, unsigned flags) { return &handle; }
int xengnttab_close(void *grants) { return 0; }
int xengnttab_set_max_grants(void *grants, unsigned most) { return 0; }

/* The files of the kernel's xenfs that tell of Domain-0's ring. */
int open(const char *path, int flags, unsigned mode) {
	int descriptor;
	if (!strcmp(path, "/proc/xen/xsd_port")) {
		descriptor = memfd_create("xsd_port", 0);
		write(descriptor, "1", 1);
		syscall(8, descriptor, 0L, 0);
		return descriptor;
	}
	if (!strcmp(path, "/proc/xen/xsd_kva")) {
		descriptor = memfd_create("xsd_kva", 0);
		ftruncate(descriptor, PAGE);
		return descriptor;
	}
	return syscall(SYSCALL_OPEN, path, flags, mode);
}
int open64(const char *path, int flags, unsigned mode) { return open(path, flags, mode); }
