package dev.nacelle.api.selector;

import dev.nacelle.api.selector.Requirement.InvalidException;
import dev.nacelle.api.selector.Requirement.Operator;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/** The grammar of label selectors, as {@code k8s.io/apimachinery/pkg/labels} has it. */
final class LabelSelectorParser {
  private static final Set<String> SYMBOLS = Set.of("=", "==", "!=", "!", "(", ")", ",", ">", "<");
  private static final String SPECIAL = "=!(),><";
  private static final String OPERATORS = "in, notin, =, ==, !=, gt, lt";

  private final List<Token> tokens;
  private int at;

  private LabelSelectorParser(List<Token> tokens) {
    this.tokens = tokens;
  }

  private enum Kind {
    WORD,
    SYMBOL,
    END
  }

  private record Token(Kind kind, String text) {
    boolean isSymbol(String symbol) {
      return kind == Kind.SYMBOL && text.equals(symbol);
    }
  }

  static List<Requirement> parse(String text) throws InvalidException {
    return new LabelSelectorParser(scan(text)).requirements();
  }

  private static List<Token> scan(String text) {
    var tokens = new ArrayList<Token>();
    int i = 0;
    while (i < text.length()) {
      char c = text.charAt(i);
      int start = i;
      if (isSpace(c)) {
        i++;
      } else if (SPECIAL.indexOf(c) >= 0) {
        int length = i + 1 < text.length() && SYMBOLS.contains(text.substring(i, i + 2)) ? 2 : 1;
        i += length;
        tokens.add(new Token(Kind.SYMBOL, text.substring(start, i)));
      } else {
        while (i < text.length()
            && !isSpace(text.charAt(i))
            && SPECIAL.indexOf(text.charAt(i)) < 0) {
          i++;
        }
        tokens.add(new Token(Kind.WORD, text.substring(start, i)));
      }
    }
    tokens.add(new Token(Kind.END, ""));
    return tokens;
  }

  private static boolean isSpace(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
  }

  private List<Requirement> requirements() throws InvalidException {
    var result = new ArrayList<Requirement>();
    while (true) {
      Token next = peek();
      if (next.kind == Kind.END) {
        return result;
      }
      if (!begins(next)) {
        throw expected(next, "!, identifier, or 'end of string'");
      }
      try {
        result.add(requirement());
      } catch (InvalidException e) {
        throw new InvalidException("unable to parse requirement: " + e.reason());
      }
      Token after = take();
      if (after.kind == Kind.END) {
        return result;
      }
      if (!after.isSymbol(",")) {
        throw expected(after, "',' or 'end of string'");
      }
      if (!begins(peek())) {
        throw expected(peek(), "identifier after ','");
      }
    }
  }

  private static boolean begins(Token token) {
    return token.kind == Kind.WORD || token.isSymbol("!");
  }

  private Requirement requirement() throws InvalidException {
    boolean negated = peek().isSymbol("!");
    if (negated) {
      take();
    }
    Token key = take();
    if (key.kind != Kind.WORD) {
      throw expected(key, "identifier");
    }
    Requirement.checkKey("<nil>", key.text);
    if (negated) {
      return Requirement.checked(key.text, Operator.DOES_NOT_EXIST, List.of());
    }
    if (peek().kind == Kind.END || peek().isSymbol(",")) {
      return Requirement.checked(key.text, Operator.EXISTS, List.of());
    }
    Operator operator = operator();
    Set<String> values =
        operator == Operator.IN || operator == Operator.NOT_IN ? values() : Set.of(exactValue());
    return Requirement.checked(key.text, operator, values);
  }

  private Operator operator() throws InvalidException {
    Token token = take();
    return switch (token.text) {
      case "in" -> Operator.IN;
      case "notin" -> Operator.NOT_IN;
      case "=" -> Operator.EQUALS;
      case "==" -> Operator.DOUBLE_EQUALS;
      case "!=" -> Operator.NOT_EQUALS;
      case ">" -> Operator.GREATER;
      case "<" -> Operator.LESS;
      default -> throw expected(token, OPERATORS);
    };
  }

  private String exactValue() throws InvalidException {
    if (peek().kind == Kind.END || peek().isSymbol(",")) {
      return "";
    }
    Token value = take();
    if (value.kind != Kind.WORD) {
      throw expected(value, "identifier");
    }
    return value.text;
  }

  private Set<String> values() throws InvalidException {
    Token open = take();
    if (!open.isSymbol("(")) {
      throw new InvalidException("found '" + open.text + "' expected: '('");
    }
    var values = new LinkedHashSet<String>();
    if (peek().isSymbol(")")) {
      take();
      return values;
    }
    boolean wantsValue = true;
    while (true) {
      Token token = take();
      if (token.kind == Kind.WORD && wantsValue) {
        values.add(token.text);
        wantsValue = false;
      } else if (token.isSymbol(",")) {
        if (wantsValue) {
          values.add("");
        }
        wantsValue = true;
      } else if (token.isSymbol(")")) {
        if (wantsValue) {
          values.add("");
        }
        return values;
      } else {
        throw expected(token, wantsValue ? "',', or identifier" : "',' or ')'");
      }
    }
  }

  private Token peek() {
    return tokens.get(at);
  }

  /** The end is never passed. */
  private Token take() {
    Token token = tokens.get(at);
    if (token.kind != Kind.END) {
      at++;
    }
    return token;
  }

  private static InvalidException expected(Token found, String what) {
    return new InvalidException("found '" + found.text + "', expected: " + what);
  }
}
