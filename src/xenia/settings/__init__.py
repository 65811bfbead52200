"""The settings of xend: what there are (`settings`, of the `kinds`), and what gives each its value (`load`).

A setting has the value of the highest of these that gives it one:

    the command line of xend
    etc/xen/xend.toml            `toml`
    the Univention registry      `registry`, where the setting has a variable there
    the default

So whoever wants the registry to decide leaves the key out of xend.toml.
"""
