package dev.nacelle.api.kinds.shared;

import dev.nacelle.base.json.JsonObject;

/**
 * Hooks of a kind that is another view of the objects of a second kind: they are stored, watched
 * and numbered as those, and converted on the way in and out. Pure.
 */
public interface StoredElsewhere extends KindHooks {

  /** The group whose resource of the same plural holds the objects; its stored version is used. */
  String storedGroup();

  /** This kind's view as the other kind's object, with its {@code apiVersion} and {@code kind}. */
  JsonObject toStored(JsonObject view);

  /** The other kind's object as this kind's view, with its {@code apiVersion} and {@code kind}. */
  JsonObject fromStored(JsonObject stored);
}
