package dev.nacelle.apiserver.auth.token;

import dev.nacelle.api.client.Identity;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.object.ObjectKey;
import dev.nacelle.api.object.Resources;
import dev.nacelle.apiserver.access.InvalidCredentialsException;
import dev.nacelle.apiserver.auth.ClusterView;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.InstantSource;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Believes the tokens by which hosts join: Secrets of type {@code bootstrap.kubernetes.io/token} in
 * kube-system, looked up each time.
 */
public final class BootstrapTokens implements TokenSource {
  private static final Pattern TOKEN = Pattern.compile("([a-z0-9]{6})\\.([a-z0-9]{16})");
  private static final Pattern GROUP =
      Pattern.compile("system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]");
  private static final String GROUP_OF_ALL = "system:bootstrappers";

  private final ClusterView view;
  private final InstantSource clock;

  public BootstrapTokens(ClusterView view, InstantSource clock) {
    this.view = view;
    this.clock = clock;
  }

  @Override
  public Optional<Accepted> check(String token, Set<String> audiences)
      throws InvalidCredentialsException {
    Matcher parts = TOKEN.matcher(token);
    if (!parts.matches()) {
      return Optional.empty();
    }
    var key = new ObjectKey("kube-system", "bootstrap-token-" + parts.group(1));
    Optional<KubeObject> found = view.client().find(Resources.SECRETS, key);
    if (found.isEmpty() || found.get().isBeingDeleted()) {
      throw new InvalidCredentialsException("there is no bootstrap token " + parts.group(1));
    }
    KubeObject secret = found.get();
    boolean holds =
        secret.json().string("type").orElse("").equals("bootstrap.kubernetes.io/token")
            && same(value(secret, "token-id"), parts.group(1))
            && same(value(secret, "token-secret"), parts.group(2))
            && value(secret, "usage-bootstrap-authentication").equals("true")
            && !isExpired(value(secret, "expiration"));
    if (!holds) {
      throw new InvalidCredentialsException("bootstrap token " + parts.group(1) + " is not good");
    }
    var groups = new ArrayList<String>(List.of(GROUP_OF_ALL, Identity.AUTHENTICATED));
    for (String group : value(secret, "auth-extra-groups").split(",", -1)) {
      if (group.isBlank()) {
        continue;
      }
      if (!GROUP.matcher(group.strip()).matches()) {
        throw new InvalidCredentialsException(
            "bootstrap token " + parts.group(1) + " names the group " + group);
      }
      groups.add(group.strip());
    }
    var identity = new Identity("system:bootstrap:" + parts.group(1), "", groups, Map.of());
    return Optional.of(new Accepted(identity, List.copyOf(audiences)));
  }

  private static String value(KubeObject secret, String name) {
    try {
      return new String(
          Base64.getDecoder().decode(secret.json().string("data", name).orElse("")),
          StandardCharsets.UTF_8);
    } catch (IllegalArgumentException e) {
      return "";
    }
  }

  private static boolean same(String a, String b) {
    return MessageDigest.isEqual(
        a.getBytes(StandardCharsets.UTF_8), b.getBytes(StandardCharsets.UTF_8));
  }

  private boolean isExpired(String expiration) {
    if (expiration.isEmpty()) {
      return false;
    }
    try {
      return !clock.instant().isBefore(Instant.parse(expiration));
    } catch (DateTimeParseException e) {
      return true;
    }
  }
}
