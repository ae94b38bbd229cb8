package dev.nacelle.node.start;

import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.runtime.ProcessUser;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * Finds whom a container runs as: the security contexts over the image's user, names looked up in
 * the image's own files.
 */
final class Users {
  private static final long MAX_FILE = 4L << 20;

  private Users() {}

  /**
   * @param pod the pod's security context
   * @param container the container's security context
   * @param imageUser as the image states it
   * @throws ConfigurationException if a name is unknown, or root is forbidden
   */
  static ProcessUser resolve(
      JsonObject pod, JsonObject container, Optional<String> imageUser, Path root)
      throws ConfigurationException {
    String image = imageUser.orElse("");
    String userPart = image.contains(":") ? image.substring(0, image.indexOf(':')) : image;
    String groupPart = image.contains(":") ? image.substring(image.indexOf(':') + 1) : "";
    OptionalLong asUser = either(container, pod, "runAsUser");
    OptionalLong asGroup = either(container, pod, "runAsGroup");
    List<String[]> accounts = lines(root, "etc/passwd");
    long uid;
    long gid = 0;
    String name = "";
    if (asUser.isPresent()) {
      uid = asUser.getAsLong();
      gid = byId(accounts, uid).map(a -> number(a[3])).orElse(0L);
      name = byId(accounts, uid).map(a -> a[0]).orElse("");
    } else if (userPart.isEmpty() || userPart.matches("\\d+")) {
      uid = userPart.isEmpty() ? 0 : number(userPart);
      gid = byId(accounts, uid).map(a -> number(a[3])).orElse(0L);
      name = byId(accounts, uid).map(a -> a[0]).orElse("");
    } else {
      String[] account =
          accounts.stream()
              .filter(a -> a[0].equals(userPart))
              .findFirst()
              .orElseThrow(
                  () ->
                      new ConfigurationException(
                          "CreateContainerError",
                          "unable to find user "
                              + userPart
                              + ": no matching entries in passwd file"));
      uid = number(account[2]);
      gid = number(account[3]);
      name = userPart;
      if (container.bool("runAsNonRoot").or(() -> pod.bool("runAsNonRoot")).orElse(false)
          && uid == 0) {
        throw nonRoot("container has runAsNonRoot and image will run as root");
      }
    }
    if (uid == 0
        && container.bool("runAsNonRoot").or(() -> pod.bool("runAsNonRoot")).orElse(false)) {
      throw nonRoot(
          asUser.isPresent()
              ? "container's runAsUser breaks non-root policy"
              : "container has runAsNonRoot and image will run as root");
    }
    if (asGroup.isPresent()) {
      gid = asGroup.getAsLong();
    } else if (!groupPart.isEmpty() && asUser.isEmpty()) {
      gid = group(root, groupPart);
    }
    var groups = new TreeSet<Long>();
    pod.integer("fsGroup").ifPresent(groups::add);
    pod.array("supplementalGroups").items().stream()
        .filter(JsonNumber.class::isInstance)
        .forEach(g -> groups.add(((JsonNumber) g).longValue()));
    if (!pod.string("supplementalGroupsPolicy").orElse("Merge").equals("Strict")
        && !name.isEmpty()) {
      groups.addAll(memberships(root, name));
    }
    groups.add(gid);
    return new ProcessUser(uid, gid, List.copyOf(groups));
  }

  private static ConfigurationException nonRoot(String why) {
    return ConfigurationException.config(why);
  }

  private static OptionalLong either(JsonObject container, JsonObject pod, String field) {
    OptionalLong own = container.integer(field);
    return own.isPresent() ? own : pod.integer(field);
  }

  private static long group(Path root, String group) throws ConfigurationException {
    if (group.matches("\\d+")) {
      return number(group);
    }
    return lines(root, "etc/group").stream()
        .filter(g -> g[0].equals(group))
        .findFirst()
        .map(g -> number(g[2]))
        .orElseThrow(
            () ->
                new ConfigurationException(
                    "CreateContainerError",
                    "unable to find group " + group + ": no matching entries in group file"));
  }

  private static List<Long> memberships(Path root, String user) throws ConfigurationException {
    return lines(root, "etc/group").stream()
        .filter(g -> List.of(g[3].split(",", -1)).contains(user))
        .map(g -> number(g[2]))
        .toList();
  }

  private static Optional<String[]> byId(List<String[]> accounts, long uid) {
    return accounts.stream().filter(a -> a[2].equals(Long.toString(uid))).findFirst();
  }

  private static long number(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /**
   * The lines of a file of the image with at least four fields; a link is not followed out of the
   * image.
   */
  private static List<String[]> lines(Path root, String file) throws ConfigurationException {
    Path path = root.resolve(file);
    try {
      if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS) || Files.size(path) > MAX_FILE) {
        return List.of();
      }
      var result = new ArrayList<String[]>();
      for (String line : Files.readString(path, StandardCharsets.ISO_8859_1).split("\n")) {
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
