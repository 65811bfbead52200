/** Where images lie on most hosts, as long as nothing else is known. */
export const USUAL_FOLDER = "/var/lib/xen";
