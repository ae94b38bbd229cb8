package dev.nacelle.apiserver.http;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.status.ApiException;
import dev.nacelle.api.status.Status;
import dev.nacelle.apiserver.access.Attributes;
import dev.nacelle.apiserver.pipeline.Gate;
import dev.nacelle.base.http.Headers;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lets those who may do so act as somebody else, by the {@code Impersonate-*} headers. */
final class Impersonation {
  private static final String ANY = "impersonate-";
  private static final String EXTRA = "impersonate-extra-";
  private static final String ACCOUNT = "system:serviceaccount:";

  private final Gate gate;

  Impersonation(Gate gate) {
    this.gate = gate;
  }

  /**
   * @throws ApiException with 403 if the caller may not be what the headers ask for
   */
  Identity resolve(Identity caller, Headers headers) {
    if (!asksForIt(headers)) {
      return caller;
    }
    String user = headers.first("impersonate-user").orElse("");
    List<String> groups = headers.all("impersonate-group");
    String uid = headers.first("impersonate-uid").orElse("");
    Map<String, List<String>> extra = extra(headers);
    if (user.isEmpty()) {
      if (!groups.isEmpty() || !extra.isEmpty() || !uid.isEmpty()) {
        throw ApiException.internal(
            "requested " + groups + " " + extra + " without impersonating a user");
      }
      return caller;
    }
    String[] account = user.startsWith(ACCOUNT) ? user.split(":", -1) : new String[0];
    if (account.length == 4) {
      require(caller, "", "serviceaccounts", "", account[2], account[3]);
    } else {
      require(caller, "", "users", "", "", user);
    }
    groups.forEach(group -> require(caller, "", "groups", "", "", group));
    extra.forEach(
        (key, values) ->
            values.forEach(
                value -> require(caller, "authentication.k8s.io", "userextras", key, "", value)));
    if (!uid.isEmpty()) {
      require(caller, "authentication.k8s.io", "uids", "", "", uid);
    }
    return new Identity(user, uid, withUsual(user, account, groups), extra);
  }

  private static boolean asksForIt(Headers headers) {
    boolean[] found = {false};
    headers.forEach((name, value) -> found[0] |= name.regionMatches(true, 0, ANY, 0, ANY.length()));
    return found[0];
  }

  private static List<String> withUsual(String user, String[] account, List<String> asked) {
    var groups = new ArrayList<>(asked);
    if (account.length == 4 && asked.isEmpty()) {
      groups.add("system:serviceaccounts");
      groups.add("system:serviceaccounts:" + account[2]);
    }
    if (user.equals("system:anonymous")) {
      if (!groups.contains(Identity.UNAUTHENTICATED)) {
        groups.add(Identity.UNAUTHENTICATED);
      }
    } else if (!groups.contains(Identity.AUTHENTICATED)
        && !groups.contains(Identity.UNAUTHENTICATED)) {
      groups.add(Identity.AUTHENTICATED);
    }
    return groups;
  }

  private static Map<String, List<String>> extra(Headers headers) {
    var extra = new LinkedHashMap<String, List<String>>();
    headers.forEach(
        (name, value) -> {
          String lower = name.toLowerCase(Locale.ROOT);
          if (lower.startsWith(EXTRA)) {
            extra
                .computeIfAbsent(decoded(lower.substring(EXTRA.length())), k -> new ArrayList<>())
                .add(value);
          }
        });
    return extra;
  }

  /** As upstream, a key whose percent-encoding is broken is taken as it is. */
  private static String decoded(String key) {
    try {
      return URLDecoder.decode(key, StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return key;
    }
  }

  private void require(
      Identity caller,
      String group,
      String resource,
      String subresource,
      String namespace,
      String name) {
    var attributes =
        new Attributes(
            caller,
            "impersonate",
            new Attributes.Resource(group, "v1", resource, subresource, namespace, name));
    if (!gate.allows(attributes)) {
      String about = group.isEmpty() ? resource : resource + "." + group;
      throw new ApiException(
          new Status(
              403,
              "Forbidden",
              about + " \"" + name + "\" is forbidden: " + attributes.refusal(),
              Status.Details.NONE));
    }
  }
}
