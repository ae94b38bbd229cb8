package dev.nacelle.node.start;

import dev.nacelle.base.task.NativeCalls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The users and groups that an image knows: its own /etc/passwd and /etc/group. */
record Accounts(List<User> users, List<Group> groups) {
  private static final long MAX_FILE = 4L << 20;
  static final Accounts NONE = new Accounts(List.of(), List.of());

  /** A line of /etc/passwd. */
  record User(String name, long uid, long gid) {}

  /** A line of /etc/group. */
  record Group(String name, long gid, List<String> members) {}

  /** What was read of images, by image: each is read once. Bounded. Safe for any thread. */
  static final class Cache {
    private static final int MOST = 64;

    /** Guarded by itself. */
    private final Map<String, Accounts> byImage =
        new LinkedHashMap<>(16, 0.75f, true) {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Accounts> eldest) {
            return size() > MOST;
          }
        };

    /**
     * @param root a root filesystem of the image that no container has written to
     */
    Accounts of(String imageId, Path root) throws ConfigurationException, InterruptedException {
      synchronized (byImage) {
        Accounts known = byImage.get(imageId);
        if (known != null) {
          return known;
        }
      }
      // a file of a lazily filled layer waits for its registry: no carrier may wait with it
      Accounts read = NativeCalls.callOnOwnThread("accounts", () -> read(root));
      synchronized (byImage) {
        byImage.put(imageId, read);
      }
      return read;
    }
  }

  static Accounts read(Path root) throws ConfigurationException {
    var users = new ArrayList<User>();
    for (String[] fields : lines(root, "etc/passwd")) {
      users.add(new User(fields[0], number(fields[2]), number(fields[3])));
    }
    var groups = new ArrayList<Group>();
    for (String[] fields : lines(root, "etc/group")) {
      groups.add(new Group(fields[0], number(fields[2]), List.of(fields[3].split(",", -1))));
    }
    return new Accounts(List.copyOf(users), List.copyOf(groups));
  }

  Optional<User> user(String name) {
    return users.stream().filter(u -> u.name().equals(name)).findFirst();
  }

  Optional<User> user(long uid) {
    return users.stream().filter(u -> u.uid() == uid).findFirst();
  }

  Optional<Group> group(String name) {
    return groups.stream().filter(g -> g.name().equals(name)).findFirst();
  }

  List<Long> memberships(String user) {
    return groups.stream().filter(g -> g.members().contains(user)).map(Group::gid).toList();
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** The lines with at least four fields; a link is not followed out of the image. */
  private static List<String[]> lines(Path root, String file) throws ConfigurationException {
    Path path = root.resolve(file);
    try {
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) || Files.size(path) > MAX_FILE) {
        return List.of();
      }
      var result = new ArrayList<String[]>();
      for (String line : Files.readString(path, StandardCharsets.ISO_8859_1).split("\n", -1)) {
        String[] fields = line.split(":", -1);
        if (fields.length >= 4) {
          result.add(fields);
        }
      }
      return result;
    } catch (IOException e) {
      throw new ConfigurationException(
          "CreateContainerError", "cannot read /" + file + " of the image: " + e.getMessage());
    }
  }
}
