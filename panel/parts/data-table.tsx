import { Button, Center, Skeleton, Stack, Table, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import type { Pages } from '../client/pages.ts';
import classes from './data-table.module.css';
import { ProblemAlert } from './problem-alert.tsx';

export interface Column<T> {
  readonly title: string;
  readonly cell: (row: T) => ReactNode;
  /** Figures stand at the right. */
  readonly align?: 'right';
}

interface DataTableProps<T> {
  /** What the rows are, for those who cannot see the table. */
  readonly label: string;
  readonly pages: Pages<T>;
  readonly columns: readonly Column<T>[];
  readonly rowKey: (row: T) => string;
  /** Instead of the table, while there is no row. */
  readonly empty: ReactNode;
}

/** A list with "Show more" while there is more; on narrow screens each row is a card. */
export function DataTable<T>({ label, pages, columns, rowKey, empty }: DataTableProps<T>) {
  if (pages.isPending) return <LoadingRows />;
  return (
    <Stack gap="sm">
      <ProblemAlert error={pages.error} />
      {pages.rows.length === 0 && pages.error === null ? empty : <Rows label={label} rows={pages.rows} columns={columns} rowKey={rowKey} />}
      {pages.hasMore && (
        <Center>
          <Button variant="default" onClick={pages.loadMore} loading={pages.isLoadingMore}>
            Show more
          </Button>
        </Center>
      )}
    </Stack>
  );
}

/** The same for a list that comes as a whole. */
export function Rows<T>({
  label,
  rows,
  columns,
  rowKey,
}: Pick<DataTableProps<T>, 'label' | 'columns' | 'rowKey'> & { readonly rows: readonly T[] }) {
  return (
    <div className={classes.container}>
      {/* the roles are lost where the rows become cards */}
      <Table className={classes.table ?? ''} verticalSpacing="sm" role="table" aria-label={label}>
        <Table.Thead role="rowgroup">
          <Table.Tr role="row">
            {columns.map(({ title, align }) => (
              <Table.Th key={title} role="columnheader" {...(align === undefined ? {} : { ta: align })}>
                {title}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup">
          {rows.map((row) => (
            <Table.Tr key={rowKey(row)} role="row">
              {columns.map(({ title, cell, align }) => (
                <Table.Td key={title} role="cell" {...(align === undefined ? {} : { ta: align })} data-title={title}>
                  <div>{cell(row)}</div>
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function LoadingRows() {
  return (
    <Stack gap="xs" aria-busy>
      <Text className="for-screen-readers" role="status">
        Loading…
      </Text>
      {[0, 1, 2].map((row) => (
        <Skeleton key={row} height={44} />
      ))}
    </Stack>
  );
}
