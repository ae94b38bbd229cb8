package dev.nacelle.apiserver.auth.token;

import dev.nacelle.api.client.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The tokens of {@code --token-auth-file}: lines of {@code token,user,uid,"group1,group2"}. Tokens
 * are kept and compared as hashes.
 */
public final class StaticTokens implements TokenSource {
  private static final long MAX_BYTES = 16 << 20;

  private final Map<String, Identity> byHash;

  private StaticTokens(Map<String, Identity> byHash) {
    this.byHash = Map.copyOf(byHash);
  }

  /**
   * @throws IOException if the file cannot be read or a line is not of the form; the message names
   *     the line
   */
  public static StaticTokens read(Path file) throws IOException {
    if (Files.size(file) > MAX_BYTES) {
      throw new IOException("cannot use " + file + ": it is larger than 16 MiB");
    }
    var result = new HashMap<String, Identity>();
    int number = 0;
    for (String line : Files.readAllLines(file)) {
      number++;
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      List<String> fields = fields(line);
      if (fields.size() < 3 || fields.get(0).isEmpty() || fields.get(1).isEmpty()) {
        throw new IOException(
            "cannot use "
                + file
                + " line "
                + number
                + ": want token,user,uid and optionally \"group1,group2\"");
      }
      var groups = new ArrayList<String>();
      if (fields.size() > 3) {
        for (String group : fields.get(3).split(",", -1)) {
          if (!group.isBlank()) {
            groups.add(group.strip());
          }
        }
      }
      groups.add(Identity.AUTHENTICATED);
      result.put(
          TokenHash.of(fields.get(0)),
          new Identity(fields.get(1), fields.get(2), groups, Map.of()));
    }
    return new StaticTokens(result);
  }

  @Override
  public Optional<Accepted> check(String token, Set<String> audiences) {
    return Optional.ofNullable(byHash.get(TokenHash.of(token)))
        .map(identity -> new Accepted(identity, List.copyOf(audiences)));
  }

  /** The fields of a line of CSV: quotes may enclose commas, a doubled quote is one. */
  private static List<String> fields(String line) {
    var result = new ArrayList<String>();
    var field = new StringBuilder();
    boolean quoted = false;
    for (int i = 0; i < line.length(); i++) {
      char c = line.charAt(i);
      if (c == '"') {
        if (quoted && i + 1 < line.length() && line.charAt(i + 1) == '"') {
          field.append('"');
          i++;
        } else {
          quoted = !quoted;
        }
      } else if (c == ',' && !quoted) {
        result.add(field.toString().strip());
        field.setLength(0);
      } else {
        field.append(c);
      }
    }
    result.add(field.toString().strip());
    return result;
  }
}
