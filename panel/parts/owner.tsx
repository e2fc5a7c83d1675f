import { useUsers } from '../client/users.ts';
import { ChoiceFilter, type Filters } from './filters.tsx';

/** Whose something is, for admins: by name, with the address on hover. */
export function Owner({ id }: { readonly id: string }) {
  const owner = useUsers().data?.find((user) => user.id === id);
  return <span title={owner?.email}>{owner?.name ?? '…'}</span>;
}

interface OwnerFilterProps {
  readonly filters: Filters;
  readonly name?: string;
  readonly label?: string;
}

/** Filters a list by a user, as `ownerId` in the address unless it has another name. */
export function OwnerFilter({ filters, name = 'ownerId', label = 'Owner' }: OwnerFilterProps) {
  const users = useUsers().data ?? [];
  return (
    <ChoiceFilter
      filters={filters}
      name={name}
      label={label}
      choices={users.map((user) => ({ value: user.id, label: `${user.name} (${user.email})` }))}
      isSearchable
    />
  );
}
