package dev.nacelle.base.json;

/** A JSON string. */
public record JsonString(String value) implements Json {}
