"""libvirt's domain XML: read as a guest file, and written from a configuration.

Sources: libvirt's formatdomain.html, and what its own tests take a guest file for (src/libxl/xen_common.c, xen_xl.c).
"""
