import { Select, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useSearchParams } from 'react-router';
import classes from './filters.module.css';

export interface Filters {
  /** '' where none is chosen. */
  readonly get: (name: string) => string;
  readonly set: (name: string, value: string) => void;
  /** Whether any is chosen. */
  readonly isAny: boolean;
}

/** What a list is filtered by; it stands in the address, so that it can be passed on. */
export function useFilters(): Filters {
  const [query, setQuery] = useSearchParams();
  return {
    get: (name) => query.get(name) ?? '',
    set: (name, value) =>
      setQuery(
        (before) => {
          const after = new URLSearchParams(before);
          if (value === '') after.delete(name);
          else after.set(name, value);
          return after;
        },
        { replace: true },
      ),
    isAny: query.size > 0,
  };
}

export function FilterBar({ children }: { readonly children: ReactNode }) {
  return <div className={classes.bar}>{children}</div>;
}

interface FilterProps {
  readonly filters: Filters;
  readonly name: string;
  readonly label: string;
}

const TYPING_MS = 300;

export function SearchFilter({ filters, name, label, placeholder }: FilterProps & { readonly placeholder?: string }) {
  const value = filters.get(name);
  const [text, setText] = useState(value);
  const [seen, setSeen] = useState(value);
  if (value !== seen) {
    setSeen(value);
    // a link or a step back changed it
    if (value !== text.trim()) setText(value);
  }
  const search = useDebouncedCallback((value: string) => filters.set(name, value.trim()), TYPING_MS);
  return (
    <TextInput
      label={label}
      type="search"
      placeholder={placeholder}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        search(event.currentTarget.value);
      }}
    />
  );
}

/** A time on the clock of UTC, as "2026-11-26T11:55". */
export function InstantFilter({ filters, name, label }: FilterProps) {
  return (
    <TextInput
      label={label}
      type="datetime-local"
      value={filters.get(name)}
      onChange={(event) => filters.set(name, event.currentTarget.value)}
    />
  );
}

interface ChoiceFilterProps extends FilterProps {
  readonly choices: readonly { readonly value: string; readonly label: string }[];
  readonly isSearchable?: boolean;
}

export function ChoiceFilter({ filters, name, label, choices, isSearchable = false }: ChoiceFilterProps) {
  return (
    <Select
      label={label}
      placeholder="All"
      clearable
      searchable={isSearchable}
      data={choices}
      value={filters.get(name) === '' ? null : filters.get(name)}
      onChange={(value) => filters.set(name, value ?? '')}
      clearButtonProps={{ 'aria-label': `All: ${label}` }}
    />
  );
}

/** The choices of a list of words such as those of domain/states.ts. */
export function choicesOf(words: readonly string[]): { value: string; label: string }[] {
  return words.map((word) => ({ value: word, label: titled(word) }));
}

export function titled(word: string): string {
  const words = word.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}
