package dev.nacelle.image;

/** The parts of the store on this disk, for those who bring in, mount and take away. */
record Shelves(
    StoreLayout layout,
    ImageIndex index,
    IndexLock lock,
    Pins pins,
    LayerStore layers,
    LazyLayers lazy,
    ProvedLayers proved,
    RootMounts roots,
    StartTraces starts,
    ImageDisk disk) {}
