package dev.nacelle.node.start;

import dev.nacelle.base.json.JsonNumber;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.node.pod.ContainerView;
import dev.nacelle.node.pod.PodView;
import dev.nacelle.runtime.ProcessUser;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeSet;

/**
 * Finds whom a container runs as: the security contexts over the image's user, names looked up in
 * the image's own files. Pure.
 */
final class Users {
  private Users() {}

  /**
   * Who is asked for.
   *
   * @param imageUser as the image states it
   */
  record Wish(PodView pod, ContainerView container, Optional<String> imageUser) {
    JsonObject podContext() {
      return pod.spec().object("securityContext");
    }

    JsonObject ownContext() {
      return container.json().object("securityContext");
    }

    OptionalLong either(String field) {
      OptionalLong own = ownContext().integer(field);
      return own.isPresent() ? own : podContext().integer(field);
    }

    boolean mustNotBeRoot() {
      return ownContext()
          .bool("runAsNonRoot")
          .or(() -> podContext().bool("runAsNonRoot"))
          .orElse(false);
    }
  }

  /**
   * @throws ConfigurationException if a name is unknown, or root is forbidden
   */
  static ProcessUser resolve(Wish wish, Accounts accounts) throws ConfigurationException {
    String[] image = wish.imageUser().orElse("").split(":", 2);
    String imageUser = image[0];
    String imageGroup = image.length > 1 ? image[1] : "";
    OptionalLong asUser = wish.either("runAsUser");
    if (wish.mustNotBeRoot()) {
      refuseRoot(wish, asUser, imageUser);
    }
    Optional<Accounts.User> account;
    long uid;
    if (asUser.isPresent() || imageUser.isEmpty() || imageUser.matches("\\d{1,18}")) {
      uid = asUser.orElseGet(() -> imageUser.isEmpty() ? 0 : Long.parseLong(imageUser));
      account = accounts.user(uid);
    } else {
      account = accounts.user(imageUser);
      uid = account.orElseThrow(() -> unknown("user " + imageUser, "passwd")).uid();
    }
    long gid = account.map(Accounts.User::gid).orElse(0L);
    OptionalLong asGroup = wish.either("runAsGroup");
    if (asGroup.isPresent()) {
      gid = asGroup.getAsLong();
    } else if (!imageGroup.isEmpty() && asUser.isEmpty()) {
      gid = group(accounts, imageGroup);
    }
    var groups = new TreeSet<Long>();
    wish.podContext().integer("fsGroup").ifPresent(groups::add);
    wish.podContext().array("supplementalGroups").items().stream()
        .filter(JsonNumber.class::isInstance)
        .forEach(g -> groups.add(((JsonNumber) g).longValue()));
    boolean strict =
        wish.podContext().string("supplementalGroupsPolicy").orElse("Merge").equals("Strict");
    if (!strict && account.isPresent()) {
      groups.addAll(accounts.memberships(account.get().name()));
    }
    groups.add(gid);
    return new ProcessUser(uid, gid, List.copyOf(groups));
  }

  /** As the kubelet verifies {@code runAsNonRoot}: a name is not proof enough. */
  private static void refuseRoot(Wish wish, OptionalLong asUser, String imageUser)
      throws ConfigurationException {
    String where =
        " (pod: \"" + wish.pod().fullName() + "\", container: " + wish.container().name() + ")";
    if (asUser.isPresent()) {
      if (asUser.getAsLong() == 0) {
        throw ConfigurationException.config("container's runAsUser breaks non-root policy" + where);
      }
      return;
    }
    if (imageUser.isEmpty() || imageUser.matches("0+")) {
      throw ConfigurationException.config(
          "container has runAsNonRoot and image will run as root" + where);
    }
    if (!imageUser.matches("\\d{1,18}")) {
      throw ConfigurationException.config(
          "container has runAsNonRoot and image has non-numeric user ("
              + imageUser
              + "), cannot verify user is non-root"
              + where);
    }
  }

  private static long group(Accounts accounts, String group) throws ConfigurationException {
    return group.matches("\\d{1,18}")
        ? Long.parseLong(group)
        : accounts.group(group).orElseThrow(() -> unknown("group " + group, "group")).gid();
  }

  private static ConfigurationException unknown(String what, String file) {
    return new ConfigurationException(
        "CreateContainerError",
        "unable to find " + what + ": no matching entries in " + file + " file");
  }
}
