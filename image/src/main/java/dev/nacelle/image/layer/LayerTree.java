package dev.nacelle.image.layer;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.kernel.mount.SpecialFiles;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The file tree of one layer, built from tar entries in their order as an unpacking would build it:
 * a later entry replaces an earlier one, parents that the tar leaves out appear with mode 0755,
 * links in a parent are followed inside the layer. Whiteouts become those of overlayfs. For one
 * thread.
 */
final class LayerTree {
  static final String WHITEOUT = ".wh.";
  static final String OPAQUE = ".wh..wh..opq";
  private static final String AUFS_PRIVATE = ".wh..wh.";
  private static final String OPAQUE_XATTR = "trusted.overlay.opaque";
  private static final Bytes YES = Bytes.utf8("y");
  private static final int MAX_NAME = 255;
  private static final int MAX_PATH = 4096;
  private static final int MAX_XATTR_BYTES = 65_536;
  private static final int MAX_LINKS_FOLLOWED = 40;

  private final LayerLimits limits;
  private final LayerNode root = implicitDirectory();
  private int entries;
  private long metadataBytes;

  LayerTree(LayerLimits limits) {
    this.limits = limits;
  }

  LayerNode root() {
    return root;
  }

  /**
   * Adds an entry.
   *
   * @return the node, to which the caller gives the contents of a file
   * @throws LayerException if the entry would leave the layer, or a bound is passed
   */
  LayerNode add(TarEntry entry) throws LayerException {
    if (++entries > limits.maxEntries()) {
      throw new LayerException("cannot read layer: more than " + limits.maxEntries() + " entries");
    }
    count(entry);
    List<String> path = components(entry.path(), entry.path());
    if (path.isEmpty()) {
      if (entry.type() != TarEntry.Type.DIRECTORY) {
        throw refused(entry, "is the root, but not a directory");
      }
      fill(root, entry);
      return root;
    }
    LayerNode parent = parent(path, entry);
    String name = path.getLast();
    if (name.startsWith(WHITEOUT)) {
      return whiteout(parent, name, entry);
    }
    return switch (entry.type()) {
      case HARD_LINK -> hardLink(parent, name, entry);
      case DIRECTORY -> directory(parent, name, entry);
      case FILE, SYMBOLIC_LINK, CHARACTER_DEVICE, BLOCK_DEVICE, FIFO -> {
        LayerNode node = new LayerNode(0);
        fill(node, entry);
        replace(parent, name, node);
        yield node;
      }
    };
  }

  private void count(TarEntry entry) throws LayerException {
    metadataBytes += entry.path().length() + entry.link().length() + 64;
    for (Map.Entry<String, Bytes> xattr : entry.xattrs().entrySet()) {
      metadataBytes += xattr.getKey().length() + xattr.getValue().sizeBytes();
    }
    if (metadataBytes > limits.maxMetadataBytes()) {
      throw new LayerException(
          "cannot read layer: names and attributes take more than "
              + limits.maxMetadataBytes()
              + " bytes");
    }
  }

  private LayerNode directory(LayerNode parent, String name, TarEntry entry) throws LayerException {
    LayerNode old = parent.children.get(name);
    if (old != null && old.isDirectory()) {
      boolean opaque = old.xattrs.containsKey(OPAQUE_XATTR);
      fill(old, entry);
      if (opaque) {
        makeOpaque(old);
      }
      return old;
    }
    LayerNode node = new LayerNode(0);
    fill(node, entry);
    if (old != null && old.isWhiteout()) {
      // what was below is gone, and a new directory takes its place
      makeOpaque(node);
    }
    replace(parent, name, node);
    return node;
  }

  private LayerNode hardLink(LayerNode parent, String name, TarEntry entry) throws LayerException {
    List<String> targetPath = components(entry.link(), entry.path());
    LayerNode target = root;
    if (!targetPath.isEmpty()) {
      LayerNode directory = parent(targetPath, entry);
      LayerNode found = directory.children.get(targetPath.getLast());
      if (found == null) {
        throw refused(
            entry, "is a hard link to " + TarReader.shown(entry.link()) + ", which is not here");
      }
      target = found;
    }
    if (target.isDirectory()) {
      throw refused(entry, "is a hard link to a directory");
    }
    if (parent.children.get(name) != target) {
      target.links++;
      replace(parent, name, target);
    }
    return target;
  }

  private LayerNode whiteout(LayerNode parent, String name, TarEntry entry) throws LayerException {
    if (name.equals(OPAQUE)) {
      makeOpaque(parent);
      return parent;
    }
    if (name.startsWith(AUFS_PRIVATE)) {
      return new LayerNode(LayerNode.FILE); // aufs' own bookkeeping: in no image's files
    }
    String hidden = name.substring(WHITEOUT.length());
    if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
      throw refused(entry, "is a whiteout of nothing");
    }
    LayerNode old = parent.children.get(hidden);
    if (old == null) {
      LayerNode node = new LayerNode(LayerNode.CHARACTER_DEVICE);
      parent.children.put(hidden, node);
      return node;
    }
    if (old.isDirectory()) {
      makeOpaque(old);
    }
    return old;
  }

  private static void makeOpaque(LayerNode directory) {
    var xattrs = new TreeMap<>(directory.xattrs);
    xattrs.put(OPAQUE_XATTR, YES);
    directory.xattrs = xattrs;
  }

  private static void replace(LayerNode parent, String name, LayerNode node) {
    LayerNode old = parent.children.put(name, node);
    if (old != null) {
      old.links--;
    }
  }

  private static void fill(LayerNode node, TarEntry entry) throws LayerException {
    node.mode = typeBits(entry.type()) | entry.mode();
    node.uid = entry.uid();
    node.gid = entry.gid();
    node.mtimeSeconds = entry.mtimeSeconds();
    node.mtimeNanos = entry.mtimeNanos();
    node.device = SpecialFiles.deviceNumber(entry.major(), entry.minor());
    node.xattrs = keptXattrs(entry);
    if (entry.type() == TarEntry.Type.SYMBOLIC_LINK) {
      if (entry.link().isEmpty() || entry.link().length() >= MAX_PATH) {
        throw refused(entry, "is a link with a target of " + entry.link().length() + " bytes");
      }
      node.target = entry.link();
    }
  }

  /** Without those by which a layer could steer the overlay it becomes a part of. */
  private static Map<String, Bytes> keptXattrs(TarEntry entry) throws LayerException {
    if (entry.xattrs().isEmpty()) {
      return Map.of();
    }
    var kept = new TreeMap<String, Bytes>();
    int bytes = 0;
    for (Map.Entry<String, Bytes> xattr : entry.xattrs().entrySet()) {
      String name = xattr.getKey();
      boolean steersOverlay =
          name.startsWith("trusted.overlay.") || name.startsWith("user.overlay.");
      if (!steersOverlay && ErofsXattrs.isKept(name)) {
        bytes += name.length() + xattr.getValue().sizeBytes();
        kept.put(name, xattr.getValue());
      }
    }
    if (bytes > MAX_XATTR_BYTES) {
      throw refused(entry, "has more than " + MAX_XATTR_BYTES + " bytes of extended attributes");
    }
    return kept;
  }

  private static int typeBits(TarEntry.Type type) {
    return switch (type) {
      case FILE, HARD_LINK -> LayerNode.FILE;
      case SYMBOLIC_LINK -> LayerNode.SYMBOLIC_LINK;
      case CHARACTER_DEVICE -> LayerNode.CHARACTER_DEVICE;
      case BLOCK_DEVICE -> LayerNode.BLOCK_DEVICE;
      case DIRECTORY -> LayerNode.DIRECTORY;
      case FIFO -> LayerNode.FIFO;
    };
  }

  /** The directory that holds the last component; follows links as an unpacking would. */
  private LayerNode parent(List<String> path, TarEntry entry) throws LayerException {
    var todo = new ArrayDeque<String>(path.subList(0, path.size() - 1));
    var at = new ArrayDeque<LayerNode>();
    at.push(root);
    int followed = 0;
    while (!todo.isEmpty()) {
      String name = todo.pop();
      if (name.equals("..")) {
        if (at.size() > 1) {
          at.pop();
        }
        continue;
      }
      LayerNode child = at.getFirst().children.get(name);
      if (child == null || child.isWhiteout()) {
        LayerNode made = implicitDirectory();
        if (child != null) {
          makeOpaque(made);
        }
        if (++entries > limits.maxEntries()) {
          throw new LayerException(
              "cannot read layer: more than " + limits.maxEntries() + " entries");
        }
        at.getFirst().children.put(name, made);
        child = made;
      }
      if (child.type() == LayerNode.SYMBOLIC_LINK) {
        if (++followed > MAX_LINKS_FOLLOWED) {
          throw refused(entry, "lies below too many symbolic links");
        }
        if (child.target.startsWith("/")) {
          at.clear();
          at.push(root);
        }
        List<String> target = List.of(child.target.split("/"));
        target.reversed().stream().filter(c -> !c.isEmpty() && !c.equals(".")).forEach(todo::push);
        continue;
      }
      if (!child.isDirectory()) {
        throw refused(entry, "lies below " + TarReader.shown(name) + ", which is not a directory");
      }
      at.push(child);
    }
    return at.getFirst();
  }

  /** The components of a path, {@code .} and {@code ..} resolved. */
  private static List<String> components(String path, String entryPath) throws LayerException {
    if (path.length() > MAX_PATH || path.indexOf('\0') >= 0) {
      throw new LayerException(
          "cannot read layer: entry "
              + TarReader.shown(entryPath)
              + " has a path of more than "
              + MAX_PATH
              + " bytes or with a zero byte");
    }
    var result = new ArrayList<String>();
    for (String component : path.split("/")) {
      if (component.isEmpty() || component.equals(".")) {
        continue;
      }
      if (component.equals("..")) {
        if (result.isEmpty()) {
          throw new LayerException(
              "cannot read layer: entry " + TarReader.shown(entryPath) + " leaves the layer");
        }
        result.removeLast();
        continue;
      }
      if (component.length() > MAX_NAME) {
        throw new LayerException(
            "cannot read layer: entry "
                + TarReader.shown(entryPath)
                + " has a name of more than "
                + MAX_NAME
                + " bytes");
      }
      result.add(component);
    }
    return result;
  }

  private static LayerNode implicitDirectory() {
    return new LayerNode(LayerNode.DIRECTORY | 0755);
  }

  private static LayerException refused(TarEntry entry, String why) {
    return new LayerException(
        "cannot read layer: entry " + TarReader.shown(entry.path()) + " " + why);
  }
}
