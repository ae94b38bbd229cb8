package dev.nacelle.app;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A bootstrap token, {@code ID.SECRET}. The identifier is public, the secret is not. */
record JoinToken(String id, String secret) {
  private static final Pattern FORM = Pattern.compile("([a-z0-9]{6})\\.([a-z0-9]{16})");

  static JoinToken parse(String text) throws StartException {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      throw new StartException(
          "cannot use --token: want six letters, a dot and sixteen letters, as \"nacelle token"
              + " create\" prints them");
    }
    return new JoinToken(matcher.group(1), matcher.group(2));
  }

  String whole() {
    return id + "." + secret;
  }

  @Override
  public String toString() {
    return "token " + id;
  }
}
